import type { Client } from 'pg';
import type { SurveyRemark } from '../../asset.ts';

type Judge = (client: Client) => Promise<SurveyRemark[]>;

/** Settings and states of a server that put its copies at risk, in words with figures. */
export async function surveySettings(client: Client): Promise<SurveyRemark[]> {
  const remarks: SurveyRemark[] = [];
  for (const judge of [judgeSettings, judgeSenders, judgeArchive] satisfies Judge[]) {
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
