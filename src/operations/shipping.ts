import { join } from 'node:path';
import { isLifeboatError, LifeboatError, limits, toLifeboatError } from '../core/index.ts';
import { abandonIdentity, beginning, holdLock, hostIdentity } from '../journal/index.ts';
import type { Damage, Repository } from '../repository/index.ts';
import type { Workspace } from './contract.ts';

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
    if (rows.length === 0) return records;
    await repository.putJournal(identity, { host, previous: known.records === 0 ? beginning : known.head, rows });
    records += rows.length;
    known = { records: rows.at(-1)?.sequence ?? 0, head: rows.at(-1)?.hash ?? '' };
  }
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

/**
 * Brings back on this machine what the stores remember: the journals of every machine that shipped them there, and the index of packs that lost
 * theirs. May be repeated; what is known is passed over. A store that does not answer is a failure beside the others.
 */
export async function rebuild(
  workspace: Workspace,
  stores: readonly string[],
): Promise<{ rebuilt: Rebuilt[]; failures: LifeboatError[] }> {
  const rebuilt: Rebuilt[] = [];
  const failures: LifeboatError[] = [];
  for (const store of stores) {
    try {
      const repository = await workspace.repository(store);
      const { chains, damage } = await repository.journals();
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
  return { rebuilt, failures };
}
