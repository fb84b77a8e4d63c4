import { access } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { messagesOf, type ChannelFact } from '../../communications/index.ts';
import { systemCodeOf } from '../../core/index.ts';
import { openJournal } from '../../journal/index.ts';
import type { Finding } from '../../plan/index.ts';
import type { World } from './world.ts';

/** What the journal of this machine tells; nothing where there is none yet. */
export interface History {
  /** The last backup of each `asset store`, in seconds. */
  readonly backupSeconds: ReadonlyMap<string, number>;
  /** Bytes in a second of the last restore of each asset. */
  readonly restoreRate: ReadonlyMap<string, number>;
  /** When each `point store` was last found whole. */
  readonly verifiedMs: ReadonlyMap<string, number>;
  /** How channels did when something last went through them. */
  readonly channels: ReadonlyMap<string, ChannelFact>;
}

const nothing: History = {
  backupSeconds: new Map(),
  restoreRate: new Map(),
  verifiedMs: new Map(),
  channels: new Map(),
};

/** Reads the journal, if there is one: none is made. */
export async function askHistory(world: World): Promise<{ history: History; findings: Finding[] }> {
  const file = join(world.request.stateFolder, 'journal.db');
  const answer = await world.ask('the journal', async () => {
    try {
      await access(file);
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return nothing;
      throw error;
    }
    return read(world, file);
  });
  if (!('error' in answer)) return { history: answer.value, findings: [] };
  const message = `nothing is known of earlier backups, verifications and restores: ${answer.error.message}`;
  return { history: nothing, findings: [world.unknown([], message, answer.error.hint)] };
}

function read({ clock }: World, file: string): History {
  const journal = openJournal(file, { clock, host: hostname() });
  try {
    const history = {
      backupSeconds: new Map<string, number>(),
      restoreRate: new Map<string, number>(),
      verifiedMs: new Map<string, number>(),
      channels: messagesOf(journal.records({ kinds: ['message.*'] })).channels,
    };
    for (const { kind, data, atMs } of journal.records({
      kinds: ['backup.finished', 'restore.finished', 'verify.finished'],
    })) {
      const [asset, store, seconds] = [String(data['asset']), String(data['store']), Number(data['seconds'])];
      if (kind === 'backup.finished') history.backupSeconds.set(`${asset} ${store}`, seconds);
      else if (kind === 'restore.finished') {
        if (seconds > 0) history.restoreRate.set(asset, Number(data['bytes']) / seconds);
      } else {
        for (const id of data['sound'] as string[]) history.verifiedMs.set(`${id} ${store}`, atMs);
        for (const [id, sinceMs] of Object.entries((data['readSince'] ?? {}) as Record<string, number>))
          history.verifiedMs.set(`${id} ${store}`, Math.max(sinceMs, history.verifiedMs.get(`${id} ${store}`) ?? 0));
      }
    }
    return history;
  } finally {
    journal.close();
  }
}
