import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { formatBytes, formatDuration, LifeboatError, systemCodeOf } from '../../../core/index.ts';
import type { SurveyRemark } from '../../asset.ts';
import { readControl } from '../delta/control.ts';

/** A slot that nobody reads keeps the log from being removed; a reader that is only restarted lets less than this pile up. */
const heldLogBytesMin = 64 * 2 ** 20;
/** How fast a server writes its log is told by what it wrote since its figures began; over less time than this they say little. */
const rateSecondsMin = 600;

export interface SlotQuestion {
  /** Whether the plan keeps the server's log by a slot. */
  readonly isStreamed: boolean;
}

/** What slots can do to the server, and the server to them. */
export async function surveySlots(client: Client, { isStreamed }: SlotQuestion): Promise<SurveyRemark[]> {
  const held = await leftSlots(client);
  if (!isStreamed) return held;
  return [...held, judgeBound(await figuresOf(client)), ...(await idleBound(client)), ...(await atPromotion(client))];
}

const remark = (severity: SurveyRemark['severity'], message: string, hint: string): SurveyRemark => ({
  about: 'settings',
  severity,
  message,
  hint,
});

async function leftSlots(client: Client): Promise<SurveyRemark[]> {
  const { rows } = await client.query<{ name: string; bytes: string; bound: string }>(
    `select slot_name::text as name, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::text as bytes,
            current_setting('max_slot_wal_keep_size') as bound
     from pg_replication_slots where not active and restart_lsn is not null`,
  );
  return rows.flatMap(({ name, bytes, bound }) => {
    if (Number(bytes) < heldLogBytesMin) return [];
    const end = bound === '-1' ? 'without a bound, until the disk is full' : `up to ${bound}`;
    const message = `nobody reads the replication slot ${name}, and it holds ${formatBytes(Number(bytes))} of log back, ${end}`;
    return [remark('warning', message, `Bring its reader back, or: select pg_drop_replication_slot('${name}');`)];
  });
}

/** Servers before 18 have no such bound, and there it is off by default. */
async function idleBound(client: Client): Promise<SurveyRemark[]> {
  const { rows } = await client.query<{ seconds: string }>(
    `select setting as seconds from pg_settings where name = 'idle_replication_slot_timeout' and setting::int > 0`,
  );
  return rows.map(({ seconds }) => {
    const message = `a stream that is away for more than ${formatDuration(Number(seconds) * 1000)} (idle_replication_slot_timeout) loses its place, however little the server wrote: moments from then to the next recovery point cannot be restored`;
    const hint =
      'Turn it off (0) where max_slot_wal_keep_size bounds what a slot keeps, or raise it above the longest time that the stream may be away.';
    return remark('warning', message, hint);
  });
}

/** A standby has no slot for the stream. Its own settings cannot be asked through its primary; nearly always they are the same. */
async function atPromotion(client: Client): Promise<SurveyRemark[]> {
  const { rows } = await client.query<{ standbys: number }>(
    `select count(*)::int as standbys from pg_stat_replication
     where application_name not like 'lifeboat%' and application_name not in ('pg_basebackup', 'pg_receivewal')
       and (select setting from pg_settings where name = 'wal_keep_size') = '0'`,
  );
  const standbys = rows[0]?.standbys ?? 0;
  if (standbys === 0) return [];
  const who = standbys === 1 ? 'a standby follows it' : `${standbys} standbys follow it`;
  const message = `${who}, and wal_keep_size is 0: one that is promoted with that keeps no log for the stream, which then misses what was removed before it comes`;
  const hint =
    "On each server that may be promoted: ALTER SYSTEM SET wal_keep_size = '512MB'; SELECT pg_reload_conf(); or make the slot of the stream there right after the promotion.";
  return [remark('warning', message, hint)];
}

export interface LogFigures {
  /** `max_slot_wal_keep_size`; undefined: without a bound. */
  readonly boundBytes: number | undefined;
  /** What is free where the log is; undefined where that cannot be seen from here. */
  readonly freeBytes: number | undefined;
  /** How fast the server writes its log; undefined when it has not run long enough to tell. */
  readonly bytesPerSecond: number | undefined;
}

/** A stream that stays away either fills the server's disk or loses its place: which of the two, and when. */
export function judgeBound({ boundBytes, freeBytes, bytesPerSecond }: LogFigures): SurveyRemark {
  const lasts = (bytes: number): string =>
    bytesPerSecond === undefined
      ? ''
      : `, ${formatDuration(Math.round(bytes / bytesPerSecond) * 1000)} at the ${formatBytes(bytesPerSecond)} a second that the server wrote so far`;
  if (boundBytes === undefined) {
    const room =
      freeBytes === undefined
        ? 'how much room it has cannot be seen from here'
        : `${formatBytes(freeBytes)} are free there${lasts(freeBytes)}`;
    const message = `max_slot_wal_keep_size is -1: while the stream is away its slot keeps all log, until the disk of the server is full (${room})`;
    const bound = `${Math.max(1, Math.floor((freeBytes ?? 20 * 2 ** 30) / 2 ** 31))}GB`;
    const hint = `ALTER SYSTEM SET max_slot_wal_keep_size = '${bound}'; SELECT pg_reload_conf();`;
    return remark('warning', message, hint);
  }
  if (freeBytes !== undefined && boundBytes > freeBytes) {
    const message = `max_slot_wal_keep_size lets a slot keep ${formatBytes(boundBytes)} of log, and only ${formatBytes(freeBytes)} are free on the disk of the server`;
    return remark('warning', message, 'Lower it, or give the disk more room.');
  }
  const message = `a stream that is away for more than ${formatBytes(boundBytes)} of log (max_slot_wal_keep_size)${lasts(boundBytes)} loses its place: moments from then to the next recovery point cannot be restored`;
  const hint = 'Alarm on a silent stream well before that; raise max_slot_wal_keep_size where the disk has room.';
  return remark('info', message, hint);
}

async function figuresOf(client: Client): Promise<LogFigures> {
  const { rows } = await client.query<Record<'bound' | 'written' | 'seconds' | 'folder' | 'system', string | null>>(
    `select (select setting from pg_settings where name = 'max_slot_wal_keep_size') as bound,
            (select setting from pg_settings where name = 'data_directory') as folder,
            system_identifier::text as system, wal_bytes::text as written,
            extract(epoch from now() - stats_reset)::text as seconds
     from pg_stat_wal, pg_control_system()`,
  );
  const { bound, written, seconds, folder, system } = rows[0] ?? {};
  const mebibytes = Number(bound ?? -1);
  const isLong = Number(seconds ?? 0) >= rateSecondsMin;
  return {
    boundBytes: mebibytes < 0 ? undefined : mebibytes * 2 ** 20,
    bytesPerSecond: isLong && Number(written) > 0 ? Number(written) / Number(seconds) : undefined,
    freeBytes: typeof folder === 'string' && typeof system === 'string' ? await roomAt(folder, system) : undefined,
  };
}

/** Only of a folder that is this very cluster's: elsewhere the same path is another disk. */
async function roomAt(folder: string, systemId: string): Promise<number | undefined> {
  try {
    if ((await readControl(folder)).systemId !== systemId) return undefined;
    const { bavail, bsize } = await statfs(join(folder, 'pg_wal'));
    return bavail * bsize;
  } catch (error) {
    if (systemCodeOf(error) === undefined && !(error instanceof LifeboatError)) throw error;
    // It is not here, or not ours to read: then nothing is known of its disk.
    return undefined;
  }
}
