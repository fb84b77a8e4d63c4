import type { Client } from 'pg';
import { isLifeboatError, type Clock } from '../../../core/index.ts';
import type { Survey, SurveyRemark } from '../../asset.ts';
import { withConnection } from '../link/connection.ts';
import { findDumpPrograms, findRestorePrograms } from '../logical/programs.ts';
import { surveyDatabases } from '../logical/dumping/survey.ts';
import { findPrograms } from '../server/index.ts';
import { stoppable } from '../link/stoppable.ts';
import { surveyStandby } from './standby.ts';
import { surveySettings } from './survey-settings.ts';
import { surveySlots } from './survey-slots.ts';

export interface SurveyedBy {
  readonly isLogical: boolean;
  /** Those that the plan names; undefined: all. */
  readonly databases: readonly string[] | undefined;
  /** Whether the plan keeps its log. */
  readonly isStreamed?: boolean;
  /** Where points are read from. */
  readonly standby?: string | undefined;
}

/**
 * What would stand in the way of backing this server up, and of restoring it on this machine. Reads catalogues only.
 * Throws `asset.unreachable`, `asset.denied`, `asset.unsupported`.
 */
export async function surveyServer(
  url: string,
  how: SurveyedBy,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<Survey> {
  const { major, ...seen } = await withConnection(url, (client) =>
    stoppable(client, signal, async () => ({
      major: await majorOf(client),
      clock: await compareClocks(client, clock),
      remarks: [
        ...(await surveySettings(client)),
        ...(await surveySlots(client, { isStreamed: how.isStreamed === true })),
        ...(how.standby === undefined ? [] : await surveyStandby(client, how.standby)),
        ...(how.isLogical ? [] : await physicalRights(client)),
      ],
    })),
  );
  const ofDatabases = how.isLogical ? await surveyDatabases(url, how.databases, signal) : [];
  return { clock: seen.clock, remarks: [...seen.remarks, ...ofDatabases, ...(await missingPrograms(major, how))] };
}

async function majorOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ number: string }>(`select current_setting('server_version_num') as number`);
  return Math.floor(Number(rows[0]?.number) / 10_000);
}

/** The server read its clock somewhere between the question and the answer. */
async function compareClocks(client: Client, clock: Clock): Promise<{ aheadMs: number; exactToMs: number }> {
  const beforeMs = clock.now();
  const { rows } = await client.query<{ ms: string }>(
    `select (extract(epoch from clock_timestamp()) * 1000)::text as ms`,
  );
  const afterMs = clock.now();
  return { aheadMs: Number(rows[0]?.ms) - (beforeMs + afterMs) / 2, exactToMs: (afterMs - beforeMs) / 2 };
}

/** `identify` has proved the replication connection; this is what a backup by it would be told less than it needs. */
async function physicalRights(client: Client): Promise<SurveyRemark[]> {
  const { rows } = await client.query<{ name: string; may: boolean }>(
    `select current_user::text as name, pg_has_role(current_user, 'pg_read_all_settings', 'usage') as may`,
  );
  if (rows[0]?.may !== false) return [];
  return [
    {
      about: 'rights',
      severity: 'warning',
      message: `${rows[0].name} may not read all settings: points do not know which libraries the server preloads`,
      hint: `GRANT pg_read_all_settings TO ${rows[0].name};`,
    },
  ];
}

/** What keeps a point of a server of this version from being restored on this machine. */
export async function missingPrograms(major: number, { isLogical }: SurveyedBy): Promise<SurveyRemark[]> {
  try {
    if (isLogical) await findRestorePrograms(major, (await findDumpPrograms(major)).major);
    else await findPrograms(major);
    return [];
  } catch (error) {
    if (!isLifeboatError(error, 'asset.tool_missing')) throw error;
    const { message, hint = 'Install them.' } = error;
    return [{ about: 'programs', severity: 'error', message: `no restore is possible here: ${message}`, hint }];
  }
}
