import type { Client } from 'pg';
import { LifeboatError, limits } from '../../../core/index.ts';
import { lsnValue } from '../base/end-of-backup.ts';
import { pageBytes } from './received/records.ts';
import type { ClockSample } from './received/window.ts';

export interface SlotState {
  readonly name: string;
  readonly active: boolean;
  readonly restart: bigint | undefined;
  /** `reserved`, `extended`, `unreserved`, `lost`: how sure it is that the server still has what the slot needs; `unused`: nothing was ever asked of it. */
  readonly status: string;
  /** Why a lost one is lost, in the word of the server; undefined where it is not, and before PostgreSQL 17. */
  readonly lostBy: string | undefined;
  /** Bytes that may be written before the slot loses what it needs; undefined without a bound. */
  readonly safeBytes: number | undefined;
}

export interface LogSource {
  readonly systemId: string;
  readonly timeline: number;
  readonly segmentBytes: number;
  /** `max_slot_wal_keep_size`, bytes; undefined: without a bound. */
  readonly slotBytesMax: number | undefined;
}

/** Over the replication connection. */
export async function identifySource(replication: Client): Promise<{ systemId: string; timeline: number }> {
  const { rows } = await replication.query<{ systemid: string; timeline: number }>(answered('IDENTIFY_SYSTEM'));
  if (rows[0] === undefined) throw new LifeboatError('asset.unsupported', 'the server does not say who it is');
  return { systemId: rows[0].systemid, timeline: Number(rows[0].timeline) };
}

/** The history file of a timeline as the server has it; the first timeline has none. */
export async function historyOf(replication: Client, timeline: number): Promise<string> {
  const { rows } = await replication.query<{ content: string | Buffer }>(answered(`TIMELINE_HISTORY ${timeline}`));
  const content = rows[0]?.content;
  if (content === undefined)
    throw new LifeboatError('asset.vanished', `the server has no history of timeline ${timeline}`);
  // The column is of type bytea, and comes as it stands in the file.
  return Buffer.isBuffer(content) ? content.toString('utf8') : content;
}

export async function readLogSettings(client: Client): Promise<{ segmentBytes: number; slotMiBMax: number }> {
  const { rows } = await client.query<{ segment: string; bound: string }>(
    `select (select setting from pg_settings where name = 'wal_segment_size') as segment,
            (select setting from pg_settings where name = 'max_slot_wal_keep_size') as bound`,
  );
  return { segmentBytes: Number(rows[0]?.segment), slotMiBMax: Number(rows[0]?.bound) };
}

export async function readSlot(client: Client, name: string): Promise<SlotState | undefined> {
  const { rows } = await client.query<
    Record<'active' | 'kind', unknown> & Record<'restart' | 'status' | 'safe' | 'lost_by', string | null>
  >(
    // A column that an older server lacks is null in this way, and no error.
    `select active, slot_type as kind, restart_lsn::text as restart, wal_status as status, safe_wal_size::text as safe,
            to_jsonb(slots) ->> 'invalidation_reason' as lost_by
     from pg_replication_slots as slots where slot_name = $1`,
    [name],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  if (row.kind !== 'physical') {
    throw new LifeboatError(
      'asset.unsupported',
      `the replication slot ${name} is a logical one, made by somebody else`,
      {
        hint: `Drop it if nobody needs it: select pg_drop_replication_slot('${name}');`,
      },
    );
  }
  return {
    name,
    active: row.active === true,
    restart: row.restart === null ? undefined : lsnValue(row.restart),
    status: row.status ?? 'unused',
    lostBy: row.lost_by ?? undefined,
    safeBytes: row.safe === null ? undefined : Number(row.safe),
  };
}

/** A replication connection bears no bound of its own, for a stream is one long answer; what is asked before it has one. */
export const answered = (text: string): { text: string; query_timeout: number } => ({
  text,
  query_timeout: limits.streamSilenceMs,
});

/** The clock first, then the position: what was acknowledged before the clock was read is not behind the position. */
export async function sampleClock(client: Client): Promise<ClockSample> {
  const { rows } = await client.query<{ at: string; lsn: string }>(
    `with clock as materialized (select extract(epoch from clock_timestamp()) * 1000 as at)
     select floor(at)::text as at, (select pg_current_wal_insert_lsn()::text where at is not null) as lsn from clock`,
  );
  const position = lsnValue(rows[0]?.lsn ?? '');
  // At the start of a page the server names the place behind the page's header, which is written with the next record.
  const inPage = position % BigInt(pageBytes);
  return { atMs: Number(rows[0]?.at), position: inPage <= 40n ? position - inPage : position };
}
