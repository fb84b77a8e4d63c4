import type { Client } from 'pg';
import { formatBytes, isLifeboatError, LifeboatError, limits, systemClock } from '../../../core/index.ts';
import { connect, serverError } from '../link/connection.ts';
import { lsnText } from '../lsn.ts';
import { lsnValue } from './end-of-backup.ts';
import { readPlace, type SourceFacts } from './source-facts.ts';

/** Whose files a base backup is made of. */
export interface ReadFrom {
  readonly server: 'primary' | 'standby';
  /** As that server has it: a standby may keep its tablespaces elsewhere. */
  readonly source: SourceFacts;
  /** What the standby had replayed before the backup began: no copy of it ends before. */
  readonly least?: bigint;
  /** Why it is the primary though a standby was asked for: a sentence for the point. */
  readonly instead?: string;
}

export interface StandbyRequest {
  readonly standby: string;
  readonly primary: Client;
  /** Where the primary's log was when its clock was first read. */
  readonly position: bigint;
  readonly source: SourceFacts;
  readonly signal: AbortSignal | undefined;
}

const lookMs = 200;

/**
 * Opens a standby once it has replayed what the primary had. One that does not answer, or does not come up to the primary in
 * `limits.standbyCatchUpMs`, is passed over for the primary: a point late is worse than a primary at work. One that is no standby of this primary is
 * refused: `asset.foreign`.
 */
export async function openStandby(request: StandbyRequest): Promise<{ client: Client | undefined; from: ReadFrom }> {
  let client: Client | undefined;
  try {
    client = await connect(request.standby);
    await mustBeStandby(client, request.primary);
    await catchUp(client, request.position, request.signal);
    const source = { ...request.source, ...(await readPlace(client)) };
    return { client, from: { server: 'standby', source, least: request.position } };
  } catch (error) {
    await client?.end().catch(() => {}); // it is gone, or of no use
    request.signal?.throwIfAborted();
    const failure = serverError(error);
    const isAway = isLifeboatError(failure, 'asset.unreachable') || isLifeboatError(failure, 'asset.vanished');
    if (!isAway) throw failure;
    const instead = `The primary was read, because the standby was of no use: ${failure.message}.`;
    return { client: undefined, from: { server: 'primary', source: request.source, instead } };
  }
}

interface Standing {
  readonly system: string;
  readonly recovering: boolean;
  readonly timeline: number;
}

/** Throws `asset.foreign`. */
export async function mustBeStandby(standby: Client, primary: Client): Promise<void> {
  const [own, its] = [await standingOf(standby), await standingOf(primary)];
  if (own.system !== its.system) {
    throw new LifeboatError('asset.foreign', `the standby is cluster ${own.system}, the primary ${its.system}`, {
      hint: 'Name a standby of this very primary under `standby` of the asset.',
    });
  }
  if (!own.recovering) {
    throw new LifeboatError('asset.foreign', 'the server named under `standby` is none: it takes writes by itself', {
      hint: 'Was it promoted? Then it is the primary now: name it in `url`, and another one under `standby`.',
    });
  }
}

async function standingOf(client: Client): Promise<Standing> {
  const { rows } = await client.query<Standing>(
    `select system_identifier::text as system, pg_is_in_recovery() as recovering, timeline_id as timeline
     from pg_control_system(), pg_control_checkpoint()`,
  );
  if (rows[0] === undefined) throw new LifeboatError('asset.unsupported', 'a server does not say who it is');
  return rows[0];
}

async function catchUp(standby: Client, position: bigint, signal: AbortSignal | undefined): Promise<void> {
  const untilMs = systemClock.elapsed() + limits.standbyCatchUpMs;
  for (;;) {
    const { rows } = await standby.query<{ lsn: string | null }>('select pg_last_wal_replay_lsn()::text as lsn');
    const replayed = lsnValue(rows[0]?.lsn ?? '0/0');
    if (replayed >= position) return;
    if (systemClock.elapsed() >= untilMs) {
      const behind = formatBytes(Number(position - replayed));
      throw new LifeboatError(
        'asset.unreachable',
        `it replayed up to ${lsnText(replayed)}, ${behind} behind the primary, and did not come up to it in ${limits.standbyCatchUpMs / 1000} s`,
      );
    }
    await systemClock.sleep(lookMs, signal);
  }
}
