import { LifeboatError } from '../../../core/index.ts';
import type { PointContents } from '../../entry.ts';
import type { TableOptions, TableOutlook, TableRequest } from '../../tables.ts';
import { parseServerUrl } from '../link/address.ts';
import { shownServer } from '../link/connection.ts';
import { databaseList, dumpFactsOf, isDump } from '../logical/facts.ts';
import { mustBeFree } from './file.ts';
import { chooseTables, parsePattern, shownTable, type TablePattern } from './names.ts';
import { namesIn, readRelations } from './relations.ts';
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
  await mustBeInPoint(point, patterns, databaseOf(request, planUrl));
  if ('file' in request.target) {
    await mustBeFree(request.target.file);
    await structureProgram(major);
    return { target: request.target.file, server: undefined, isSource: false };
  }
  const url = targetUrl(request.target.url, planUrl);
  const client = await openTarget(url);
  try {
    return await stoppable(client, signal, async () => {
      const server = await identifyTarget(client, url, expectedOf(request, url, planUrl, point.facts));
      const there = new Set((await readRelations(client)).map(shownTable));
      const isNew = ({ single }: TablePattern): boolean => single !== undefined && !there.has(shownTable(single));
      if (typeof request.existing === 'object' || patterns.some(isNew)) await structureProgram(major);
      return { target: server.shown, server: server.systemId, isSource: server.isSource };
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

/** A dump has a list of what it holds; of a physical point only the sandbox can tell. */
async function mustBeInPoint(point: PointContents, patterns: readonly TablePattern[], database: string): Promise<void> {
  if (!isDump(point.facts)) return;
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
  const mayBePartitioned = (dumped.structure['partitioned tables'] ?? 0) > 0;
  if (!mayBePartitioned) chooseTables(patterns, tables);
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
