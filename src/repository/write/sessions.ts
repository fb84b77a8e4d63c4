import { randomBytes } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { z } from 'zod';
import { isAlive, isoTime, limits, LifeboatError } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { damaged, damageFrom, isDamage, type DamageLog } from '../damage.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { objectOfName, sessionName } from '../names.ts';
import { openDocument, sealDocument } from '../format/seal.ts';
import { forEachOf } from '../tasks.ts';

/** Sessions of this very process that still write: one that is not among them was left by an error. */
const writing = new Set<string>();

/** Tells all that a writer is at work, before it reads which packs there are. Throws `store.busy` where only one may write. */
export async function openSession(
  store: Store,
  bundle: KeyBundle,
  session: { id: string; host: string; asset: string; nowMs: number },
  log: DamageLog,
): Promise<void> {
  const name = sessionName(session.id);
  const document = {
    format: 1,
    host: session.host,
    asset: session.asset,
    started: isoTime(session.nowMs),
    pid: process.pid,
    processStart: await processStart(process.pid),
  };
  const bytes = await sealDocument(bundle, 'session', name, randomBytes(16), Buffer.from(JSON.stringify(document)));
  writing.add(session.id);
  await store.put(name, [bytes], { ifAbsent: true });
  const others = await sweep(store, bundle, session, log);
  if (others > 0 && !store.atomicCreate) {
    throw new LifeboatError('store.busy', `${store.location} allows one writer at a time, and another is at work`, {
      hint: 'Wait for it. If it died on another host, remove its object below sessions/.',
    });
  }
}

/** May be called again. */
export async function closeSession(store: Store, id: string): Promise<void> {
  writing.delete(id);
  await store.remove(sessionName(id));
}

/** Removes what writers of this host left that are dead; returns how many others may still be at work. */
async function sweep(
  store: Store,
  bundle: KeyBundle,
  own: { id: string; host: string },
  log: DamageLog,
): Promise<number> {
  let others = 0;
  await forEachOf(store.list('sessions/'), limits.objectsReadAtOnce, async ({ name }) => {
    const { kind, id } = objectOfName(name);
    if (kind !== 'session' || id === own.id) return;
    try {
      const session = await readSession(store, bundle, name);
      if (session.host === own.host && !(await stillWriting(id, session))) await store.remove(name);
      else others += 1;
    } catch (error) {
      if (!isDamage(error)) throw error;
      // Gone between the listing and now: its writer has ended.
      if (error.code === 'store.missing') return;
      log.note(damageFrom(error, name, 'session'));
      others += 1;
    }
  });
  return others;
}

/** Throws `repository.damaged`, `store.missing`. */
export async function readSession(store: Store, bundle: KeyBundle, name: string): Promise<z.infer<typeof schema>> {
  const bytes = await store.get(name, { range: { offset: 0, length: limits.headerBytesMax } });
  const document = (await openDocument(bundle, 'session', name, bytes)).toString('utf8');
  try {
    return schema.parse(JSON.parse(document));
  } catch (error) {
    throw damaged(name, 'it is not a session of this format', error);
  }
}

async function stillWriting(id: string, session: z.infer<typeof schema>): Promise<boolean> {
  if (!isAlive(session.pid)) return otherContainer(session.processStart, await processStart(process.pid));
  const now = await processStart(session.pid);
  if (session.processStart !== now) return otherContainer(session.processStart, await processStart(process.pid));
  return session.pid !== process.pid || writing.has(id);
}

/** A process number of another container says nothing here. */
const otherContainer = (theirs: string, ours: string): boolean => {
  const [theirBoot, theirSpace] = theirs.split(' ');
  const [ourBoot, ourSpace] = ours.split(' ');
  return theirBoot === ourBoot && theirSpace !== ourSpace;
};

/**
 * Tells a process from a later one of the same number: the boot, the space that process numbers are counted in (a container
 * has its own) and the tick it started at. Empty where the system has no /proc.
 */
async function processStart(pid: number): Promise<string> {
  try {
    const [boot, space, status] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readlink(`/proc/${pid}/ns/pid`),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ]);
    // The program's name, in brackets, may hold spaces; the start is the 22nd field, the 20th after it.
    const started = status.slice(status.lastIndexOf(')') + 2).split(' ')[19];
    return `${boot.trim()} ${space} ${started}`;
  } catch {
    // No /proc (macOS) or the process just ended: then only its number speaks, which errs on the side of waiting.
    return '';
  }
}

const schema = z.object({
  format: z.literal(1),
  host: z.string(),
  asset: z.string(),
  started: z.string(),
  pid: z.int().positive(),
  processStart: z.string(),
});
