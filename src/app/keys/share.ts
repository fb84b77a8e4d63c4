import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isoTime, LifeboatError, messageOf, syncFolder, systemCodeOf, type Clock } from '../../core/index.ts';
import type { Plan } from '../../plan/index.ts';
import {
  addKey,
  combineShares,
  keysOf,
  openKeyring,
  readShare,
  splitFreshIdentity,
  type ShareFacts,
  type SplitIdentity,
} from '../../repository/index.ts';
import type { OpenRings } from './rings.ts';
import { sheetPdf, sheetText, type Sheet } from './sheet.ts';

export interface ShareRequest {
  readonly plan: Plan;
  readonly clock: Clock;
  readonly of: number;
  readonly needed: number;
  /** As many as there are shares. */
  readonly holders: readonly string[];
  /** A folder to make: it holds secrets until they are printed. */
  readonly folder: string;
}

export interface ShareReport {
  readonly set: string;
  readonly recipient: string;
  readonly sheets: readonly { readonly holder: string; readonly text: string; readonly pdf: string }[];
  readonly keys: readonly { readonly store: string; readonly key: string; readonly error?: LifeboatError }[];
  /** Earlier sets, which still open until they are taken out. */
  readonly earlier: readonly { readonly key: string; readonly set: string }[];
}

/**
 * Makes a fresh identity, splits it, writes a sheet for each holder, reads the sheets back, and only then lets the identity open
 * the stores; proves that it does. The identity itself is kept nowhere. Throws `input.exists` when the folder is there.
 */
export async function shareKeys(request: ShareRequest, rings: OpenRings): Promise<ShareReport> {
  const { of, needed, holders, clock } = request;
  const split = await splitFreshIdentity({ of, needed });
  const earlier = await earlierSets(rings);
  const sheets = await writeSheets(request, rings, split);
  try {
    await requireReadable(split, needed, sheets.texts);
    const facts: ShareFacts = { of, needed, holders: [...holders], set: split.set };
    const keys: { store: string; key: string; error?: LifeboatError }[] = [];
    for (const group of rings.groups) {
      const added = await addKey(
        group.map(({ ring }) => ring),
        { label: `shares, ${needed} of ${of}`, recipients: [split.recipient], shares: facts },
        clock,
      );
      added.stores.forEach(({ error }, i) =>
        keys.push({ store: group[i]?.store ?? '', key: added.id, ...(error === undefined ? {} : { error }) }),
      );
    }
    await requireOpens(rings, sheets.texts, needed);
    return { set: split.set, recipient: split.recipient, sheets: sheets.files, keys, earlier };
  } catch (error) {
    // Sheets that open nothing would be taken for some that do.
    await rm(request.folder, { recursive: true, force: true });
    throw error;
  }
}

async function earlierSets(rings: OpenRings): Promise<{ key: string; set: string }[]> {
  const found = new Map<string, string>();
  for (const { ring } of rings.groups.flat()) {
    for (const { id, shares } of await keysOf(ring)) if (shares !== undefined) found.set(id, shares.set);
  }
  return [...found].map(([key, set]) => ({ key, set }));
}

async function writeSheets(
  { plan, clock, of, needed, holders, folder }: ShareRequest,
  { groups }: OpenRings,
  split: SplitIdentity,
): Promise<{ texts: string[]; files: { holder: string; text: string; pdf: string }[] }> {
  await makeFolder(folder);
  const stores = groups
    .flat()
    .map(({ store, ring }) => ({ store, location: ring.store.location, fingerprint: ring.fingerprint }));
  const texts: string[] = [];
  const files: { holder: string; text: string; pdf: string }[] = [];
  for (const { number, words } of split.shares) {
    const holder = holders[number - 1] as string;
    const sheet: Sheet = {
      plan: plan.name,
      owner: plan.owner,
      holder,
      holders,
      number,
      of,
      needed,
      set: split.set,
      day: isoTime(clock.now()).slice(0, 10),
      stores,
      words,
    };
    const base = join(folder, `share-${number}-${holder.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`);
    const file = { holder, text: `${base}.txt`, pdf: `${base}.pdf` };
    const text = sheetText(sheet);
    await writeSecret(file.text, text);
    await writeSecret(file.pdf, await sheetPdf(sheet));
    texts.push(text);
    files.push(file);
  }
  await syncFolder(folder);
  return { texts, files };
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    const exists = systemCodeOf(error) === 'EEXIST';
    const what = exists ? 'exists already' : `cannot be made: ${messageOf(error)}`;
    throw new LifeboatError(exists ? 'input.exists' : 'input.file', `the folder ${folder} ${what}`, {
      hint: 'Name a new folder for the sheets, on a medium that you can destroy.',
      cause: error,
    });
  }
}

async function writeSecret(path: string, content: string | Buffer): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

const sharesFrom = (texts: readonly string[]): Parameters<typeof combineShares>[0] =>
  texts.map((text, i) => ({ from: `sheet ${i + 1}`, share: readShare(text, `sheet ${i + 1}`) }));

/** The sheets as they were written give the identity back: the first few, and the last few. */
async function requireReadable(split: SplitIdentity, needed: number, texts: readonly string[]): Promise<void> {
  for (const some of [texts.slice(0, needed), texts.slice(-needed)]) {
    const { recipient } = await combineShares(sharesFrom(some));
    if (recipient !== split.recipient)
      throw new LifeboatError('share.damaged', 'the sheets do not give back what was split; nothing was changed');
  }
}

/** The first store of each repository has taken the key: the shares open it, asked anew. */
async function requireOpens({ groups }: OpenRings, texts: readonly string[], needed: number): Promise<void> {
  const { identity } = await combineShares(sharesFrom(texts.slice(-needed)));
  for (const [first] of groups) if (first !== undefined) await openKeyring(first.ring.store, { identity });
}
