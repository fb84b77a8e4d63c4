import { chown, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LifeboatError, systemClock } from '../../../core/index.ts';
import type { LogReader } from '../../log.ts';
import type { FollowOptions, Promotion } from '../../standby.ts';
import { withConnection } from '../link/connection.ts';
import { lsnValue } from '../base/end-of-backup.ts';
import { lsnText } from '../lsn.ts';
import { endOfRecords, type Leg } from '../recovery/survey-log.ts';
import type { Standing } from './follow.ts';
import type { FollowedLog } from './followed-log.ts';
import type { StandbyServer } from './standby-server.ts';

/** Without any progress for so long, replay is stuck. */
const stuckMs = 120_000;
const lookMs = 100;

interface Parts {
  readonly folder: string;
  readonly server: StandbyServer;
  readonly log: FollowedLog;
  readonly reader: LogReader;
  readonly segmentBytes: number;
  legs(standing: Standing): Leg[];
  standing(): Promise<Standing>;
}

/**
 * Replays all that is in the store, lets the server take writes, and asks it whether it came as far as it had to, on a timeline of its own.
 * Throws `restore.check_failed`; then the standby is still one.
 */
export async function promote(parts: Parts, options: Pick<FollowOptions, 'signal'>): Promise<Promotion> {
  const startedMs = systemClock.elapsed();
  const warnings: string[] = [];
  try {
    await parts.log.look(options.signal);
  } catch (error) {
    options.signal.throwIfAborted();
    // On the real day a store may be gone. What was seen of it last still counts.
    warnings.push(`the store did not answer when the standby was promoted: ${(error as Error).message}`);
  }
  const { least, timeline } = await replayAll(parts, options.signal);
  parts.log.opens();
  await order(parts);
  const found = await untilOpen(parts, options.signal);
  const reached = lsnValue(found.reached);
  if (reached < least || found.timeline <= timeline) {
    throw new LifeboatError(
      'restore.check_failed',
      `the standby reached ${found.reached} on timeline ${found.timeline}, and ${lsnText(least)} was due before a timeline after ${timeline}`,
      { where: parts.folder, hint: 'It takes writes now, and is not what was asked for: look before it is used.' },
    );
  }
  const seconds = (systemClock.elapsed() - startedMs) / 1000;
  const { shownUrl: url, pid, address } = parts.server;
  return { url, ...(address === undefined ? {} : { address }), pid, ...found, seconds, warnings };
}

/** Throws `log.gap` when the server stands still before the end of what is there. */
async function replayAll(parts: Parts, signal: AbortSignal): Promise<{ least: bigint; timeline: number }> {
  let changedMs = systemClock.elapsed();
  let before = -1n;
  for (;;) {
    const standing = await parts.standing();
    const last = parts.legs(standing).at(-1) as Leg;
    const end =
      last.to > standing.replayed
        ? await endOfRecords(parts.reader, last, parts.log.listing.pieces, parts.segmentBytes)
        : standing.replayed;
    if (standing.replayed >= end) return { least: end, timeline: standing.timeline };
    if (standing.replayed !== before) changedMs = systemClock.elapsed();
    before = standing.replayed;
    if (systemClock.elapsed() - changedMs > stuckMs) {
      throw new LifeboatError(
        'log.gap',
        `the standby stands at ${lsnText(standing.replayed)}, and the log in the store goes to ${lsnText(end)}`,
        {
          hint: 'Its log file (lifeboat.log in the folder) says why. Restore instead: lifeboat restore ASSET --to FOLDER',
        },
      );
    }
    await systemClock.sleep(lookMs, signal);
  }
}

/** As `pg_ctl promote` does: no role of the database has to be allowed to. */
async function order({ folder, server }: Parts): Promise<void> {
  const { uid, gid } = await stat(folder);
  const file = join(folder, 'promote');
  await writeFile(file, '', { mode: 0o600 });
  if (process.getuid?.() === 0) await chown(file, uid, gid);
  process.kill(server.pid, 'SIGUSR1');
}

async function untilOpen(
  { server, folder }: Parts,
  signal: AbortSignal,
): Promise<Pick<Promotion, 'reached' | 'timeline' | 'newestCommitMs'>> {
  const startedMs = systemClock.elapsed();
  for (;;) {
    const found = await withConnection(server.url, async (client) => {
      const { rows } = await client.query<{ recovering: boolean; at: string | null; lsn: string }>(
        `select pg_is_in_recovery() as recovering, pg_last_wal_replay_lsn()::text as lsn,
                floor(extract(epoch from pg_last_xact_replay_timestamp()) * 1000)::text as at`,
      );
      if (rows[0]?.recovering !== false) return undefined;
      const own = await client.query<{ timeline: string }>(
        'select substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) as timeline',
      );
      const newestCommitMs = rows[0].at === null ? undefined : Number(rows[0].at);
      return { reached: rows[0].lsn, timeline: Number.parseInt(own.rows[0]?.timeline ?? '0', 16), newestCommitMs };
    });
    if (found !== undefined) return found;
    if (systemClock.elapsed() - startedMs > stuckMs) {
      await rm(join(folder, 'promote'), { force: true });
      throw new LifeboatError('restore.check_failed', 'the standby does not open for writes', {
        where: folder,
        hint: 'Its log file (lifeboat.log in the folder) says why.',
      });
    }
    await systemClock.sleep(lookMs, signal);
  }
}
