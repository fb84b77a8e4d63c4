import type { Client } from 'pg';
import { LifeboatError, limits, systemCodeOf, toLifeboatError } from '../../../core/index.ts';
import { parseServerUrl } from '../link/address.ts';
import { connect, shownServer } from '../link/connection.ts';

export interface TargetServer {
  /** With the credentials to use. */
  readonly url: string;
  readonly shown: string;
  readonly systemId: string;
  readonly isSource: boolean;
  readonly major: number;
}

/**
 * The URL that was typed, with the credentials of the plan where it is the plan's address and names none. Throws `input.flag` for a password
 * on the command line.
 */
export function targetUrl(typed: string, planUrl: string | undefined): string {
  const url = parseServerUrl(typed);
  if (url.password !== '') {
    throw new LifeboatError('input.flag', 'a password on a command line can be read by everybody on this machine', {
      hint: 'Leave it out: the one of the plan is used for the plan’s own server, else PGPASSWORD or ~/.pgpass.',
    });
  }
  if (decodeURIComponent(url.pathname.slice(1)) === '') {
    throw new LifeboatError('input.flag', 'the target names no database', {
      hint: 'Write postgresql://host:port/database',
    });
  }
  if (planUrl === undefined) return typed;
  const known = parseServerUrl(planUrl);
  const isKnown =
    shownServer(known.href).replace(/\/[^/]*$/, '') === shownServer(url.href).replace(/\/[^/]*$/, '') &&
    (url.username === '' || url.username === known.username);
  if (!isKnown) return typed;
  const whole = new URL(known.href);
  whole.pathname = url.pathname;
  return whole.href;
}

/** What every session of ours has on both sides: the same text means the same value. */
const sessionSettings: Readonly<Record<string, string>> = {
  search_path: '',
  datestyle: 'ISO',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  extra_float_digits: '3',
  bytea_output: 'hex',
  xmloption: 'content',
  // Rows that a policy hides are an error, and never left out in silence.
  row_security: 'off',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  lock_timeout: String(limits.tableLockWaitMs),
  default_transaction_read_only: 'off',
  check_function_bodies: 'off',
};

export async function openSession(url: string): Promise<Client> {
  const client = await connect(url, { application_name: 'lifeboat tables' });
  try {
    for (const [name, value] of Object.entries(sessionSettings))
      await client.query('select set_config($1, $2, false)', [name, value]);
    return client;
  } catch (error) {
    await client.end().catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

/** A session on the target. What is wrong with its address is told as that of `--to`: the plan may say nothing of it. */
export async function openTarget(url: string): Promise<Client> {
  try {
    return await openSession(url);
  } catch (error) {
    const failure = toLifeboatError(error);
    const hint = addressHint(url, failure);
    if (hint === undefined) throw failure;
    const { code, message, cause } = failure;
    throw new LifeboatError(code, `the target given by --to (${shownServer(url)}): ${message}`, { hint, cause });
  }
}

function addressHint(url: string, { code, cause }: LifeboatError): string | undefined {
  if (systemCodeOf(cause) === '3D000') return 'Name a database in --to that the server has, or make it there first.';
  if (code === 'asset.unreachable') return 'Is a server running there? If not, the address in --to is wrong.';
  if (code !== 'asset.denied') return undefined;
  return parseServerUrl(url).password === ''
    ? 'Check the user in --to (postgresql://USER@host:port/database); its password comes from PGPASSWORD or ~/.pgpass.'
    : 'It is the server of the plan, so that its user and password were used: check the url of the asset; or name another user in --to.';
}

/**
 * Who the target is. Throws `asset.foreign` if it is not the cluster that was expected, `asset.unsupported` for one that cannot be written to.
 */
export async function identifyTarget(
  client: Client,
  url: string,
  expected: { systemId: string; server: string | undefined; isPlanAddress: boolean },
): Promise<TargetServer> {
  const { rows } = await client.query<{ system: string; standby: boolean; number: string }>(
    `select system_identifier::text as system, pg_is_in_recovery() as standby,
            current_setting('server_version_num') as number from pg_control_system()`,
  );
  const row = rows[0];
  const shown = shownServer(url);
  if (row === undefined || row.standby)
    throw new LifeboatError('asset.unsupported', `${shown} is a standby: nothing can be written to it`, {
      hint: 'Name the primary.',
    });
  const wanted = expected.server ?? (expected.isPlanAddress ? expected.systemId : undefined);
  if (wanted !== undefined && wanted !== row.system) {
    const whose = expected.server === undefined ? 'the point is of' : '--server says';
    throw new LifeboatError('asset.foreign', `${shown} is cluster ${row.system}, but ${whose} ${wanted}`, {
      hint: `Look at what stands there. If it is the right one, say so: --server ${row.system}`,
    });
  }
  return {
    url,
    shown,
    systemId: row.system,
    isSource: row.system === expected.systemId,
    major: Math.floor(Number(row.number) / 10_000),
  };
}
