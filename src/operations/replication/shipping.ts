import { join } from 'node:path';
import { isLifeboatError, LifeboatError, limits, toLifeboatError } from '../../core/index.ts';
import { abandonIdentity, beginning, holdLock, hostIdentity } from '../../journal/index.ts';
import type { Damage, Repository, ShippedChain } from '../../repository/index.ts';
import type { Workspace } from '../contract.ts';
import { noteShipped, readShipped } from './shipped.ts';

export interface Shipment {
  readonly store: string;
  /** Records that are there now and were not before. */
  readonly records: number;
}

/**
 * Brings the records of this machine's journal that a store does not hold yet to each of these stores, sealed and signed: one list, one look
 * at the last piece, one put. What fails is told, and left for the next time. A store that tells another story of this chain (the state folder was
 * copied, or put back to an earlier day) makes this machine begin a new chain.
 */
export async function shipJournal(
  workspace: Workspace,
  stores: readonly string[],
): Promise<{ shipped: Shipment[]; failures: LifeboatError[] }> {
  const shipped: Shipment[] = [];
  const failures: LifeboatError[] = [];
  let lock;
  try {
    lock = holdLock(join(workspace.stateFolder, 'locks', 'shipping'), 'shipping the journal');
  } catch (error) {
    // Who ships now takes our records along, or the next one does.
    if (isLifeboatError(error, 'operation.busy')) return { shipped, failures };
    throw error;
  }
  try {
    for (const store of stores) {
      try {
        shipped.push({ store, records: await shipTo(workspace, await workspace.repository(store)) });
      } catch (error) {
        failures.push(toLifeboatError(error));
      }
    }
  } finally {
    lock.release();
  }
  return { shipped, failures };
}

async function shipTo(workspace: Workspace, repository: Repository): Promise<number> {
  const { journal, stateFolder, host } = workspace;
  let identity = hostIdentity(stateFolder);
  let known = await repository.shippedHead(identity.id);
  const heads = await readShipped(stateFolder);
  const before = heads[repository.location];
  if (before?.chain === identity.id && known.records < before.records) {
    const lost = `records ${known.records + 1} to ${before.records} of this machine's journal are gone from ${repository.location}, where they were`;
    workspace.progress.note(`${lost}; they are brought there again`);
    const { location } = repository;
    journal.append('journal.cut', { chain: identity.id, location, from: known.records + 1, to: before.records });
  }
  if (known.records > 0 && journal.rows(known.records - 1, 1)[0]?.hash !== known.head) {
    const told = `the journal in ${repository.location} knows another record ${known.records} of this machine: its state folder was copied or put back`;
    workspace.progress.note(`${told}; a new chain begins`);
    abandonIdentity(stateFolder, identity.id);
    journal.append('journal.forked', { chain: identity.id, location: repository.location, record: known.records });
    identity = hostIdentity(stateFolder);
    known = await repository.shippedHead(identity.id);
  }
  let records = 0;
  for (;;) {
    const rows = journal.rows(known.records, limits.journalRowsPerObject);
    if (rows.length === 0) break;
    await repository.putJournal(identity, { host, previous: known.records === 0 ? beginning : known.head, rows });
    records += rows.length;
    known = { records: rows.at(-1)?.sequence ?? 0, head: rows.at(-1)?.hash ?? '' };
  }
  if (records === 0) return 0;
  await noteShipped(stateFolder, { ...heads, [repository.location]: { chain: identity.id, records: known.records } });
  await repository.compactJournal(identity);
  return records;
}

export interface Rebuilt {
  readonly store: string;
  /** Chains of journals that the store holds, by host, with the records that could be believed and those that were new here. */
  readonly chains: readonly {
    readonly chain: string;
    readonly host: string;
    readonly records: number;
    readonly added: number;
  }[];
  /** Packs that no index covered, and are covered again. */
  readonly indexedPacks: number;
  readonly damage: readonly Damage[];
}

/** A chain of which stores hold different parts, or tell different stories. */
export interface UnequalChain {
  readonly chain: string;
  readonly host: string;
  /** How many records each holds that can be believed. */
  readonly records: Readonly<Record<string, number>>;
  /** The first record that they tell differently; undefined: one only holds fewer, because it was away, or because it was cut at its end. */
  readonly forkedAt: number | undefined;
}

/**
 * Brings back on this machine what the stores remember: the journals of every machine that shipped them there, and the index of packs that lost
 * theirs. May be repeated; what is known is passed over. A store that does not answer is a failure beside the others.
 */
export async function rebuild(
  workspace: Workspace,
  stores: readonly string[],
): Promise<{ rebuilt: Rebuilt[]; unequal: UnequalChain[]; failures: LifeboatError[] }> {
  const rebuilt: Rebuilt[] = [];
  const failures: LifeboatError[] = [];
  const found: (ShippedChain & { store: string })[] = [];
  for (const store of stores) {
    try {
      const repository = await workspace.repository(store);
      const { chains, damage } = await repository.journals();
      found.push(...chains.map((chain) => ({ ...chain, store })));
      const kept = chains.map(({ chain, host, rows }) => {
        const added = workspace.journal.remember(chain, rows);
        return { chain, host, records: rows.length, added };
      });
      const indexedPacks = await repository.rebuildIndex();
      rebuilt.push({ store, chains: kept, indexedPacks, damage: [...damage, ...repository.damage()] });
    } catch (error) {
      failures.push(toLifeboatError(error));
    }
  }
  workspace.journal.append('store.rebuilt', {
    stores: rebuilt.map(({ store, chains, indexedPacks }) => ({ store, chains, indexedPacks })),
    failures: failures.map((error) => error.toJSON()),
  });
  const answered = rebuilt.map(({ store }) => store);
  return { rebuilt, unequal: unequalChains(found, answered), failures };
}

/**
 * Takes in what the journals of other machines say, from the first of these stores that answers: whoever keeps a plan ships to all of them. Returns
 * how many records were new; undefined: no store told. Throws only what the signal says.
 */
export async function rememberOthers(
  workspace: Workspace,
  stores: readonly string[],
  signal: AbortSignal,
): Promise<number | undefined> {
  for (const store of stores) {
    signal.throwIfAborted();
    try {
      const { chains } = await (await workspace.repository(store)).journals();
      return chains.reduce((sum, { chain, rows }) => sum + workspace.journal.remember(chain, rows), 0);
    } catch (error) {
      const { message, code } = toLifeboatError(error);
      workspace.progress.note(`${store} does not tell what other machines did: ${message} [${code}]`);
    }
  }
  return undefined;
}

/** A chain that was cut at its end is whole by itself: only another store knows that it went on. */
function unequalChains(
  found: readonly (ShippedChain & { store: string })[],
  stores: readonly string[],
): UnequalChain[] {
  return [...Map.groupBy(found, ({ chain }) => chain)].flatMap(([chain, copies]): UnequalChain[] => {
    const longest = copies.toSorted((a, b) => b.rows.length - a.rows.length)[0] as ShippedChain;
    const records = Object.fromEntries(
      stores.map((store) => [store, copies.find((copy) => copy.store === store)?.rows.length ?? 0]),
    );
    const forks = copies.flatMap(({ rows }) => {
      const at = rows.findIndex(({ hash }, position) => hash !== longest.rows[position]?.hash);
      return at === -1 ? [] : [at + 1];
    });
    const isEqual = Object.values(records).every((count) => count === longest.rows.length);
    const forkedAt = forks.length === 0 ? undefined : Math.min(...forks);
    return isEqual && forkedAt === undefined ? [] : [{ chain, host: longest.host, records, forkedAt }];
  });
}
