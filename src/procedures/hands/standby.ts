import type { Client } from 'pg';
import { LifeboatError, limits, type Clock } from '../../core/index.ts';
import { onServer, oneRow, shownServer } from './postgres.ts';

/** What a server says of itself. Positions are bytes of log since the cluster was made. */
export interface ServerState {
  readonly systemId: string;
  readonly inRecovery: boolean;
  readonly timeline: number;
  /** What it has received from its primary and kept; undefined where it never received anything. */
  readonly received: bigint | undefined;
  readonly replayed: bigint | undefined;
  /** What it has written, when it takes writes itself. */
  readonly written: bigint | undefined;
  /** The commit that it replayed last, ISO 8601. */
  readonly lastCommitAt: string | undefined;
}

export const stateOfServer = (url: string, signal?: AbortSignal): Promise<ServerState> =>
  onServer(url, signal, readState);

/**
 * Waits until everything is replayed that was received, and that the old server has written where that is known; false when what was
 * received is not replayed in time. What does not arrive in that time is lost, and not waited for.
 */
export async function waitForReplay(
  url: string,
  written: bigint | undefined,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<{ state: ServerState; complete: boolean }> {
  const until = clock.elapsed() + limits.replayMs;
  for (;;) {
    const state = await stateOfServer(url, signal);
    const { received = 0n, replayed = 0n } = state;
    if (replayed >= received && replayed >= (written ?? 0n)) return { state, complete: true };
    if (clock.elapsed() >= until) return { state, complete: replayed >= received };
    await clock.sleep(200, signal);
  }
}

/** Tells a standby to take writes, and waits until it does. Throws `target.refused`. */
export async function promoteServer(url: string, signal: AbortSignal): Promise<void> {
  const promoted = await onServer(url, signal, async (client) => {
    await client.query(`set statement_timeout = ${limits.promotionMs + limits.serverAnswerMs}`);
    const seconds = Math.ceil(limits.promotionMs / 1000);
    return (await oneRow<{ done: boolean }>(client, 'select pg_promote(true, $1) as done', [seconds])).done;
  });
  if (promoted) return;
  throw new LifeboatError(
    'target.refused',
    `${shownServer(url)} did not become a primary in ${limits.promotionMs / 1000} s`,
    {
      hint: 'Its log says why; a standby that waits for a restore_command may hang in it.',
    },
  );
}

/** Tries a write in a transaction that is rolled back: taken, or the server's code of refusal. */
export const tryWrite = (url: string, signal?: AbortSignal): Promise<'taken' | string> =>
  onServer(url, signal, async (client) => {
    await client.query('begin');
    const answer = await client.query('create table lifeboat_write_probe ()').then(
      () => 'taken',
      (error: { code?: string }) => error.code ?? 'an unknown error',
    );
    await client.query('rollback');
    return answer;
  });

async function readState(client: Client): Promise<ServerState> {
  // The timeline of the last checkpoint lags behind after a promotion: the name of the log file that is written says the new one.
  const row = await oneRow<Record<string, string | boolean | number | null>>(
    client,
    `select (select system_identifier::text from pg_control_system()) as system_id,
      pg_is_in_recovery() as in_recovery,
      case when pg_is_in_recovery() then (select timeline_id::int from pg_control_checkpoint())
        else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int end as timeline,
      (pg_last_wal_receive_lsn() - '0/0')::text as received,
      (pg_last_wal_replay_lsn() - '0/0')::text as replayed,
      case when pg_is_in_recovery() then null else (pg_current_wal_flush_lsn() - '0/0')::text end as written,
      to_char(pg_last_xact_replay_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as last_commit`,
  );
  const position = (value: unknown): bigint | undefined => (typeof value === 'string' ? BigInt(value) : undefined);
  return {
    systemId: String(row['system_id']),
    inRecovery: row['in_recovery'] === true,
    timeline: Number(row['timeline']),
    received: position(row['received']),
    replayed: position(row['replayed']),
    written: position(row['written']),
    lastCommitAt: typeof row['last_commit'] === 'string' ? row['last_commit'] : undefined,
  };
}

/** `0/5000028`, as PostgreSQL writes a position. */
export const positionText = (position: bigint): string =>
  `${(position >> 32n).toString(16).toUpperCase()}/${(position & 0xffff_ffffn).toString(16).toUpperCase()}`;

export function positionOf(text: string): bigint {
  const [high = '0', low = '0'] = text.split('/');
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
}
