import { LifeboatError } from '../../../core/index.ts';
import type { PointContents } from '../../entry.ts';
import type { TableOptions, TableOutlook, TableRequest } from '../../tables.ts';
import { parseServerUrl } from '../link/address.ts';
import { shownServer } from '../link/connection.ts';
import { databaseList, dumpFactsOf, isDump } from '../logical/facts.ts';
import { mustBeFree } from './file.ts';
import { chooseTables, fits, nearTo, parsePattern, type TableName, type TablePattern } from './names.ts';
import { namesIn, readRelations, readSchemas } from './relations.ts';
import { structureProgram } from './structure.ts';
import { identifyTarget, openSession, openTarget, targetUrl } from './target.ts';
import { stoppable } from '../link/stoppable.ts';

/** See `TableKeeping.look`. */
export async function look(
  request: TableRequest,
  planUrl: string | undefined,
  point: PointContents,
  { signal }: TableOptions,
): Promise<TableOutlook> {
  const patterns = request.tables.map(parsePattern);
  const major = Number(point.facts['major']);
  const isKnown = await isInPoint(point, patterns, databaseOf(request, planUrl));
  if ('file' in request.target) {
    await mustBeFree(request.target.file);
    await structureProgram(major);
    const doubts = isKnown ? [] : patterns.map((pattern) => doubtOf(pattern));
    return { target: request.target.file, server: undefined, isSource: false, doubts };
  }
  const url = targetUrl(request.target.url, planUrl);
  const client = await openTarget(url);
  try {
    return await stoppable(client, signal, async () => {
      const server = await identifyTarget(client, url, expectedOf(request, url, planUrl, point.facts));
      const there = await readRelations(client);
      const schemas = await readSchemas(client);
      const isNew = patterns.filter(
        (pattern) => !there.some((table) => fits(pattern, table)) && !schemas.has(pattern.wholeSchema ?? ''),
      );
      const isMade = ({ single, wholeSchema }: TablePattern): boolean => (single ?? wholeSchema) !== undefined;
      if (typeof request.existing === 'object' || isNew.some(isMade)) await structureProgram(major);
      const doubts = isKnown ? [] : isNew.map((pattern) => doubtOf(pattern, there));
      return { target: server.shown, server: server.systemId, isSource: server.isSource, doubts };
    });
  } finally {
    await client.end().catch(() => {}); // it was stopped
  }
}

export function expectedOf(
  { server }: TableRequest,
  url: string,
  planUrl: string | undefined,
  facts: Readonly<Record<string, unknown>>,
): Parameters<typeof identifyTarget>[2] {
  const address = (text: string): string => shownServer(text).replace(/\/[^/]*$/, '');
  const isPlanAddress = planUrl !== undefined && address(planUrl) === address(url);
  return { systemId: String(facts['systemId']), server, isPlanAddress };
}

/** The database of the point that tables are taken from. */
export function databaseOf({ database }: TableRequest, planUrl: string | undefined): string {
  if (database !== undefined) return database;
  if (planUrl === undefined) {
    throw new LifeboatError('input.flag', 'nothing says which database the tables are in', {
      hint: 'Name it: --database NAME',
    });
  }
  const { pathname, username } = parseServerUrl(planUrl);
  return decodeURIComponent(pathname.slice(1)) || decodeURIComponent(username) || 'postgres';
}

/** A wrong name is as likely as a table that was dropped: both are not in the target. */
function doubtOf(pattern: TablePattern, target?: readonly TableName[]): string {
  const near = target === undefined ? undefined : nearTo(pattern, target);
  const meant = near === undefined ? '' : ` (it has ${near})`;
  const lack = target === undefined ? '' : `the target has no ${pattern.text}${meant}, and `;
  return `${lack}whether the point has ${pattern.text} is known only when it is restored`;
}

/**
 * Whether that is known: a dump has a list of what it holds; of a physical point only the sandbox can tell, for the log behind it makes and drops tables. Throws
 * `restore.unknown_table` for what is known not to be there.
 */
async function isInPoint(point: PointContents, patterns: readonly TablePattern[], database: string): Promise<boolean> {
  if (!isDump(point.facts)) return false;
  const { databases } = dumpFactsOf(point.facts);
  const dumped = databases.find(({ name }) => name === database);
  if (dumped === undefined)
    throw unknownDatabase(
      database,
      databases.map(({ name }) => name),
    );
  const pieces: Buffer[] = [];
  for await (const piece of point.read(`${dumped.path}.json`)) pieces.push(Buffer.from(piece));
  const { tables } = databaseList.parse(JSON.parse(Buffer.concat(pieces).toString('utf8')));
  // Partitioned tables have no rows of their own and are not in the list: where there are some, only the sandbox knows their names.
  if ((dumped.structure['partitioned tables'] ?? 0) > 0) return false;
  // Nor are schemas without tables.
  const named = new Set(tables.map(({ schema }) => schema));
  const mayBeBare = (dumped.structure['schemas'] ?? 0) > named.size;
  const asked = new Set(patterns.flatMap(({ wholeSchema }) => (mayBeBare ? (wholeSchema ?? []) : [])));
  chooseTables(patterns, tables, asked);
  return [...asked].every((schema) => named.has(schema));
}

/** Whether the sandbox has the database. Throws `input.flag` with those that it has. */
export async function mustHaveDatabase(url: string, database: string): Promise<void> {
  const client = await openSession(url);
  try {
    const names = await namesIn(client, 'database');
    if (!names.has(database)) throw unknownDatabase(database, [...names]);
  } finally {
    await client.end().catch(() => {}); // what was asked has its answer
  }
}

const unknownDatabase = (database: string, known: readonly string[]): LifeboatError =>
  new LifeboatError('input.flag', `the point has no database ${database}`, {
    hint: `It has: ${known.filter((name) => !name.startsWith('template')).join(', ')}. Name one: --database NAME`,
  });
