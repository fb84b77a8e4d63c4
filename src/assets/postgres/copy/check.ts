import type { Client } from 'pg';
import { runCheck, type CheckKind, type CheckResult, type CheckSpec } from '../../../checks/index.ts';
import { LifeboatError, messageOf, redact, systemCodeOf, type Clock } from '../../../core/index.ts';
import type { Newest } from '../../asset.ts';
import { parseServerUrl } from '../link/address.ts';
import { serverError, withConnection } from '../link/connection.ts';

export interface Measure {
  readonly newest?: string;
  readonly rows?: string;
}

/** Whether every database can be opened, whether every index is valid, and what the plan declares. */
export async function checkCluster(
  url: string,
  declared: readonly CheckSpec[],
  context: { clock: Clock; baseFolder: string; kinds: readonly CheckKind[]; signal?: AbortSignal; dataOfMs?: number },
): Promise<CheckResult[]> {
  const own = [await databasesOpen(url, context.clock), await indexesValid(url, context.clock)];
  const results: CheckResult[] = [];
  for (const spec of declared) {
    results.push(
      await runCheck(spec, context.kinds, {
        clock: context.clock,
        baseFolder: context.baseFolder,
        databaseUrl: url,
        ...(context.dataOfMs === undefined ? {} : { dataOfMs: context.dataOfMs }),
        ...(context.signal === undefined ? {} : { signal: context.signal }),
      }),
    );
  }
  return [...own, ...results];
}

const databasesOpen = (url: string, clock: Clock): Promise<CheckResult> =>
  observed('every database can be opened', 'all open', clock, async () => {
    const names = await databasesOf(url);
    for (const name of names) {
      await withConnection(withDatabase(url, name), (client) => client.query('select count(*) from pg_class'));
    }
    return { ok: names.length > 0, what: `${names.length} opened` };
  });

const indexesValid = (url: string, clock: Clock): Promise<CheckResult> =>
  observed('every index is valid', 'none invalid', clock, async () => {
    const invalid: string[] = [];
    for (const database of await databasesOf(url)) {
      await withConnection(withDatabase(url, database), async (client) => {
        const { rows } = await client.query<{ name: string }>(
          `select indexrelid::regclass::text as name from pg_index where not indisvalid order by 1 limit 5`,
        );
        invalid.push(...rows.map(({ name }) => `${database}: ${name}`));
      });
    }
    return { ok: invalid.length === 0, what: invalid.length === 0 ? 'none invalid' : `invalid: ${invalid.join(', ')}` };
  });

const databasesOf = (url: string): Promise<string[]> =>
  withConnection(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select datname as name from pg_database where datallowconn and has_database_privilege(oid, 'connect') order by 1`,
    );
    return rows.map(({ name }) => name);
  });

async function observed(
  name: string,
  expected: string,
  clock: Clock,
  look: () => Promise<{ ok: boolean; what: string }>,
): Promise<CheckResult> {
  const startedMs = clock.elapsed();
  try {
    const { ok, what } = await look();
    return { name, ok, observed: what, expected, durationMs: clock.elapsed() - startedMs };
  } catch (error) {
    return { name, ok: false, observed: redact(messageOf(error)), expected, durationMs: clock.elapsed() - startedMs };
  }
}

export function withDatabase(url: string, name: string): string {
  const changed = parseServerUrl(url);
  changed.pathname = `/${encodeURIComponent(name)}`;
  return changed.href;
}

/**
 * By the plan's own queries. There is no token: a copy writes log of its own at the end of its recovery, so that its position never
 * equals the source's, and an equal position would prove nothing that the queries do not.
 */
export async function newestOf(url: string, measure: Measure | undefined): Promise<Newest> {
  return measure === undefined ? {} : withConnection(url, (client) => measureWith(client, measure));
}

/** Throws `plan.invalid` when a query of the plan is wrong, so that nobody looks for the fault at the server. */
export async function measureWith(client: Client, measure: Measure): Promise<Newest> {
  try {
    const atMs = measure.newest === undefined ? undefined : timeOf(await first(client, measure.newest));
    const count = measure.rows === undefined ? undefined : Number(await first(client, measure.rows));
    return { ...(atMs === undefined ? {} : { atMs }), ...(count === undefined ? {} : { count }) };
  } catch (error) {
    // Class 42: a syntax error, an unknown name, a missing privilege on a table.
    if (systemCodeOf(error)?.startsWith('42') !== true) throw serverError(error);
    throw new LifeboatError('plan.invalid', `a query under "measure" cannot be run: ${messageOf(error)}`, {
      hint: 'Try it with psql as the user of the asset.',
      cause: error,
    });
  }
}

export async function first(client: Client, sql: string): Promise<unknown> {
  return (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows[0]?.[0];
}

/** A timestamp, or a number of seconds since 1970. */
export function timeOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (value instanceof Date) return value.getTime();
  const number = Number(value);
  return Number.isNaN(number) ? Date.parse(String(value)) : number * 1000;
}
