import { WatchedLog } from '../assets/index.ts';
import { logPieceName } from '../repository/index.ts';
import type { Workspace } from './contract.ts';

/**
 * The log of a source in a store as a restore and whoever shows it read it: what a verification or a restore found damaged there counts as missing, unless it is
 * whole again. That is looked at now, because a stream or a copy may have written it anew.
 */
export async function knownLog(
  workspace: Workspace,
  { asset, store, source }: { readonly asset: string; readonly store: string; readonly source: string },
): Promise<WatchedLog> {
  const log = (await workspace.repository(store)).log(asset, source);
  const damaged = damagedLog(workspace, store);
  return new WatchedLog(log, (piece) => {
    const object = piece.growing ?? logPieceName(log.id, piece);
    return damaged.has(object) ? object : undefined;
  });
}

/** Objects of logs that were found damaged in the store, and that no later verification has read whole. */
export function damagedLog({ journal }: Pick<Workspace, 'journal'>, store: string): Set<string> {
  let found = new Set<string>();
  for (const { kind, data } of journal.records({ kinds: ['verify.finished', 'restore.failed', 'inplace.failed'] })) {
    if (data['store'] !== store) continue;
    if (kind === 'verify.finished') {
      const { damage, logs = [] } = data as unknown as VerifyRecord;
      found = logs === 'all' ? new Set() : new Set([...found].filter((object) => !logs.some((id) => isOf(object, id))));
      for (const { object } of damage) if (isLog(object)) found.add(object);
    } else {
      const { where } = data['error'] as { where?: string };
      if (where !== undefined && isLog(where)) found.add(where);
    }
  }
  return found;
}

interface VerifyRecord {
  readonly damage: readonly { readonly object: string }[];
  /** Ids of the logs of which every object was read. Records of earlier versions do not say. */
  readonly logs?: 'all' | readonly string[];
}

const isLog = (object: string): boolean => object.startsWith('logs/');

const isOf = (object: string, log: string): boolean => object.startsWith(`logs/${log}/`);
