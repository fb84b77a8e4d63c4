import type { Client } from 'pg';
import { formatBytes } from '../../core/index.ts';
import type { SurveyRemark } from '../asset.ts';

/** A slot that nobody reads keeps the log from being removed; a reader that is only restarted lets less than this pile up. */
const heldLogBytesMin = 64 * 2 ** 20;

type Judge = (client: Client) => Promise<SurveyRemark[]>;

/** Settings and states of a server that put its copies at risk, in words with figures. */
export async function surveySettings(client: Client): Promise<SurveyRemark[]> {
  const remarks: SurveyRemark[] = [];
  for (const judge of [judgeSettings, judgeSenders, judgeSlots, judgeArchive] satisfies Judge[]) {
    remarks.push(...(await judge(client)));
  }
  return remarks;
}

const remark = (severity: SurveyRemark['severity'], message: string, hint: string): SurveyRemark => ({
  about: 'settings',
  severity,
  message,
  hint,
});

async function judgeSettings(client: Client): Promise<SurveyRemark[]> {
  const { rows } = await client.query<{ fsync: string; pages: string; checksums: string }>(
    `select current_setting('fsync') as fsync, current_setting('full_page_writes') as pages,
            current_setting('data_checksums') as checksums`,
  );
  const row = rows[0];
  return [
    ...(row?.fsync === 'off'
      ? [
          remark(
            'warning',
            'fsync is off: after a power cut the server itself is damaged',
            'Set fsync = on and reload.',
          ),
        ]
      : []),
    ...(row?.pages === 'off'
      ? [
          remark(
            'warning',
            'full_page_writes is off: pages that were half written at a crash stay so',
            'Set full_page_writes = on and reload.',
          ),
        ]
      : []),
    ...(row?.checksums === 'off'
      ? [
          remark(
            'info',
            'pages have no checksums: a damaged one is backed up without a word',
            'Stop the server once and run: pg_checksums --enable; then take a new full point.',
          ),
        ]
      : []),
  ];
}

async function judgeSenders(client: Client): Promise<SurveyRemark[]> {
  const { rows } = await client.query<{ most: number; used: number }>(
    `select current_setting('max_wal_senders')::int as most, (select count(*)::int from pg_stat_replication) as used`,
  );
  const { most = 0, used = 0 } = rows[0] ?? {};
  // A backup takes two: one for the data, one for the log beside it.
  if (most - used >= 2) return [];
  const message = `${used} of ${most} replication connections (max_wal_senders) are taken, and a backup needs two`;
  return [remark('warning', message, 'Raise max_wal_senders and restart, or end one that nobody needs.')];
}

async function judgeSlots(client: Client): Promise<SurveyRemark[]> {
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

async function judgeArchive(client: Client): Promise<SurveyRemark[]> {
  const { rows } = await client.query<{ failing: boolean; count: string; since: string | null }>(
    `select current_setting('archive_mode') <> 'off'
              and coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) as failing,
            failed_count::text as count, to_char(last_failed_time at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as since
     from pg_stat_archiver`,
  );
  const row = rows[0];
  if (row?.failing !== true) return [];
  const message = `its own archive fails: ${row.count} times, last at ${row.since ?? '?'} UTC; the log piles up on its disk`;
  return [remark('warning', message, 'Look at archive_command and at the server’s log.')];
}
