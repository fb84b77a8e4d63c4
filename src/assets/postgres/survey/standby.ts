import type { Client } from 'pg';
import { formatBytes } from '../../../core/index.ts';
import type { SurveyRemark } from '../../asset.ts';
import { lsnValue } from '../base/end-of-backup.ts';
import { mustBeStandby } from '../base/standby-source.ts';
import { connect, serverError } from '../link/connection.ts';

/** A standby that is further behind than this is one that something holds up. */
const behindBytesMax = 256 * 2 ** 20;

/** Whether the standby that points are to be read from can be read from. */
export async function surveyStandby(primary: Client, url: string): Promise<SurveyRemark[]> {
  let standby: Client | undefined;
  try {
    standby = await connect(url);
    await mustBeStandby(standby, primary);
    return behind(await positionOf(primary, 'pg_current_wal_lsn'), await positionOf(standby, 'pg_last_wal_replay_lsn'));
  } catch (error) {
    const { message, hint = 'Start it, or take `standby` out of the plan.', retry } = serverError(error);
    return [
      retry === 'later'
        ? remark(
            'warning',
            `the standby that points are read from does not answer, so the primary is read: ${message}`,
            hint,
          )
        : remark('error', `no point can be read from the standby: ${message}`, hint),
    ];
  } finally {
    await standby?.end().catch(() => {}); // it has its answer
  }
}

const remark = (severity: SurveyRemark['severity'], message: string, hint: string): SurveyRemark => ({
  about: 'settings',
  severity,
  message,
  hint,
});

const positionOf = async (client: Client, asked: string): Promise<bigint> =>
  lsnValue((await client.query<{ lsn: string | null }>(`select ${asked}()::text as lsn`)).rows[0]?.lsn ?? '0/0');

function behind(primary: bigint, replayed: bigint): SurveyRemark[] {
  const bytes = Number(primary - replayed);
  if (bytes <= behindBytesMax) return [];
  const message = `the standby that points are read from is ${formatBytes(bytes)} behind the primary`;
  return [
    remark('warning', message, 'Look what holds up its replay; one that stays behind is passed over for the primary.'),
  ];
}
