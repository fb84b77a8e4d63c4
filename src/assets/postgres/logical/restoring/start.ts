import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LifeboatError } from '../../../../core/index.ts';
import type { RestoredCopy, StartOptions } from '../../../asset.ts';
import { parseServerUrl } from '../../link/address.ts';
import { withConnection } from '../../link/connection.ts';
import { findPrograms } from '../../server/index.ts';
import { launchCopy } from '../../copy/start.ts';
import { dumpFactsOf, type DumpFacts } from '../facts.ts';
import { mustBeMarked } from './mark.ts';

/**
 * Starts a cluster that a dump was restored into, apart from everything, and confirms from outside that it was made from this dump,
 * to its end, and has all its databases. See `Asset.start`.
 */
export async function startDump(path: string, sourceUrl: string, options: StartOptions): Promise<RestoredCopy> {
  const facts = dumpFactsOf(options.facts);
  return launchCopy(path, sourceUrl, options, {
    // It may be newer than the source: whatever it was restored into.
    programs: await findPrograms(await majorIn(path)),
    byPassword: facts.rolePasswords && parseServerUrl(sourceUrl).password !== '',
    confirm: (url) => confirm(path, url, facts),
  });
}

async function majorIn(path: string): Promise<number> {
  const major = Number.parseInt(await readFile(join(path, 'PG_VERSION'), 'utf8'), 10);
  if (Number.isInteger(major)) return major;
  throw new LifeboatError('asset.foreign', `${path} is not a data directory of PostgreSQL`);
}

async function confirm(path: string, url: string, facts: DumpFacts): Promise<undefined> {
  await mustBeMarked(path, facts, url);
  const found = await withConnection(url, async (client) => {
    const { rows } = await client.query<{ name: string }>('select datname as name from pg_database');
    return new Set(rows.map(({ name }) => name));
  });
  const missing = facts.databases.filter(({ name }) => !found.has(name)).map(({ name }) => name);
  if (missing.length > 0)
    throw new LifeboatError('asset.start_failed', `the restored server has no database ${missing.join(', ')}`);
}
