import type { Client } from 'pg';
import { LifeboatError, messageOf } from '../../../../core/index.ts';
import { withConnection } from '../../link/connection.ts';
import { nameOf } from './cluster.ts';
import type { Collation, DumpFacts, Locale } from '../facts.ts';

/**
 * Whether the new server has what the dumps build upon, asked of itself before anything is restored: each extension, each locale,
 * each collation. Throws `asset.tool_missing` naming all that it lacks.
 */
export async function mustHaveAllNeeded(facts: DumpFacts, url: string): Promise<void> {
  const missing = await withConnection(url, async (client) => [
    ...(await missingExtensions(client, facts)),
    ...(await missingLocales(client, facts)),
    ...(await missingCollations(client, facts)),
  ]);
  if (missing.length === 0) return;
  throw new LifeboatError(
    'asset.tool_missing',
    `PostgreSQL on this machine lacks what the point needs: ${missing.join('; ')}`,
    {
      hint: 'Install the packages of the extensions for this version of PostgreSQL, make the locales (locale-gen), and restore again.',
    },
  );
}

async function missingExtensions(client: Client, { databases }: DumpFacts): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('select name from pg_available_extensions');
  const available = new Set(rows.map(({ name }) => name));
  const needed = new Map(
    databases.flatMap((one) => one.extensions.map(({ name, version }) => [name, version] as const)),
  );
  return [...needed]
    .filter(([name]) => !available.has(name))
    .map(([name, version]) => `the extension ${name} ${version}`);
}

async function missingLocales(client: Client, { databases }: DumpFacts): Promise<string[]> {
  const needed = new Map(databases.map(({ locale }) => [nameOf(locale), locale]));
  const missing: string[] = [];
  for (const [name, locale] of needed) {
    for (const [provider, word] of wordsOf(locale)) {
      const why = await whyNot(client, provider, word);
      if (why !== undefined) missing.push(`the locale ${name} (${why})`);
    }
  }
  return missing;
}

const wordsOf = ({ provider, collate, ctype, locale }: Locale): Set<readonly [Locale['provider'], string]> =>
  new Set([
    ['libc', collate],
    ['libc', ctype],
    ...(provider === 'icu' && locale !== undefined ? ([['icu', locale]] as const) : []),
  ]);

/** The system’s by name, as columns name them; those that people made by what they are made of. */
async function missingCollations(client: Client, { databases }: DumpFacts): Promise<string[]> {
  const needed = new Map(
    databases.flatMap((one) => one.collations.map((collation) => [labelOf(collation), collation])),
  );
  const missing: string[] = [];
  for (const [label, { schema, name, provider, locale }] of needed) {
    if (schema === 'pg_catalog') {
      const { rows } = await client.query(`select from pg_collation where collname = $1`, [name]);
      if (rows.length === 0) missing.push(`the collation ${label}`);
    } else if (provider !== 'default' && locale !== undefined) {
      const why = await whyNot(client, provider, locale);
      if (why !== undefined) missing.push(`the collation ${label} (${why})`);
    }
  }
  return missing;
}

const labelOf = ({ schema, name, locale }: Collation): string =>
  `${schema}.${name}${locale === undefined ? '' : ` of ${locale}`}`;

/** Makes a collation of it and takes it back: only the server knows what its libraries can do. */
async function whyNot(client: Client, provider: Locale['provider'], locale: string): Promise<string | undefined> {
  if (provider === 'builtin') return undefined; // part of the server, whose version was seen to
  await client.query('begin');
  try {
    const quoted = `'${locale.replaceAll("'", "''")}'`;
    await client.query(`create collation public.lifeboat_probe (provider = ${provider}, locale = ${quoted})`);
    return undefined;
  } catch (error) {
    return messageOf(error);
  } finally {
    await client.query('rollback');
  }
}
