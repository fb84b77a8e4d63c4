import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { filtered, LifeboatError, limits, runProcess, systemCodeOf, type ProcessResult } from '../../../core/index.ts';
import type { ApplyOptions } from '../../asset.ts';
import type { KeptStream } from '../../outside.ts';
import { stopIfAsked } from '../../stop.ts';
import { withConnection } from '../link/connection.ts';
import {
  clientEnvironment,
  findRestorePrograms,
  makeRestoreTarget,
  shownStatements,
  writeMark,
  type ClientPrograms,
  type RestoreTarget,
} from '../logical/index.ts';
import { supportedMajors } from '../server/index.ts';
import { stripStaleSettings } from '../copy/settings.ts';
import { Script, throughDump, type DumpSeen } from './dump-stream.ts';
import { dumpSuperuser, writeWay } from './start.ts';

interface Work {
  readonly file: string;
  readonly seen: DumpSeen;
  readonly clients: ClientPrograms;
  readonly target: RestoreTarget;
  readonly database: string;
  readonly options: ApplyOptions;
}

/**
 * A new cluster from one dump: an archive or a script of pg_dump, or a script of pg_dumpall. The first statement that fails ends it. Roles
 * that a dump of one database names and does not make are made without a password, so that owners and grants come back.
 *
 * Throws `asset.corrupt`, `asset.foreign`, `asset.tool_missing`, `restore.no_room`, `restore.check_failed`.
 */
export async function buildFromDump(
  content: KeptStream,
  database: string,
  staging: string,
  options: ApplyOptions,
): Promise<void> {
  const folder = `${staging}.dump`;
  const file = join(folder, 'dump');
  let target: RestoreTarget | undefined;
  try {
    await mkdir(folder, { mode: 0o700 });
    const seen = await fetchDump(content, file, options);
    const least = supportedMajors[0];
    const major = Math.max(least, seen.serverMajor ?? seen.dumpMajor ?? least);
    const { server, clients } = await findRestorePrograms(major, Math.max(least, seen.dumpMajor ?? least));
    options.progress.phase(`${content.id}: restoring into PostgreSQL ${server.major}`);
    target = await makeRestoreTarget(newClusterFacts, server, staging, options.signal);
    await restoreDump({ file, seen, clients, target, database, options });
    await writeWay(staging, { superuser: dumpSuperuser });
    await writeMark(staging, { outside: content.id }, target.urlOf('template1'));
    await target.finish();
    await stripStaleSettings(staging);
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOSPC') throw error;
    throw new LifeboatError('restore.no_room', `the disk of ${staging} became full during the restore`, {
      cause: error,
    });
  } finally {
    await target?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A dump says nothing of the cluster that it came from: one that sorts by code points and takes any language. */
const newClusterFacts = {
  superuser: dumpSuperuser,
  locale: { encoding: 'UTF8', provider: 'libc', collate: 'C.UTF-8', ctype: 'C.UTF-8' },
  settings: {},
} as const;

async function fetchDump(content: KeptStream, path: string, { progress, signal }: ApplyOptions): Promise<DumpSeen> {
  progress.phase(`${content.id}: fetching`);
  const file: FileHandle = await open(path, 'wx', 0o600);
  try {
    return await throughDump(
      content,
      async (piece) => {
        await file.writeFile(piece);
        progress.advance({ bytes: piece.length });
      },
      signal,
    );
  } finally {
    await file.close();
  }
}

async function restoreDump(work: Work): Promise<void> {
  const { seen, target, database, options } = work;
  const roles = seen.format === 'custom' ? await rolesOfArchive(work) : seen.roles;
  await withConnection(target.urlOf('postgres'), async (client) => {
    for (const role of roles) await client.query(`create role ${client.escapeIdentifier(role)}`);
    if (!seen.wholeServer && !seen.connects && database !== 'postgres')
      await client.query(`create database ${client.escapeIdentifier(database)} template template0`);
  });
  stopIfAsked(options.signal, 'the restore');
  const home = seen.wholeServer || seen.connects ? 'postgres' : database;
  const result = seen.format === 'custom' ? await runArchive(work, home) : await runScript(work, home);
  stopIfAsked(options.signal, 'the restore');
  if (result.exitCode !== 0)
    throw new LifeboatError(
      'restore.check_failed',
      `the dump could not be restored: ${shownStatements(result.stderr, '')}`,
      {
        hint: 'The statement names what the source has and this machine has not: an extension, a locale, a role.',
      },
    );
  for (const line of result.stderr.split('\n')) if (line.trim() !== '') options.warn?.(line.trim());
  await withConnection(target.urlOf('postgres'), async (client) => {
    const { rows } = await client.query('select from pg_database where datname = $1', [database]);
    if (rows.length === 0)
      throw new LifeboatError('restore.check_failed', `the dump holds no database ${database}`, {
        hint: 'Name the right one under "database" of the asset.',
      });
  });
}

/** Who owns what in an archive, as pg_restore writes it out. */
async function rolesOfArchive({ file, clients, options }: Work): Promise<ReadonlySet<string>> {
  const script = new Script('the table of contents');
  const argv = [join(clients.folder, 'pg_restore'), '--schema-only', '--file=-', file] as const;
  const { signal } = options;
  for await (const piece of filtered([...argv], undefined, signal === undefined ? {} : { signal })) script.push(piece);
  return script.end().roles;
}

const runArchive = (work: Work, home: string): Promise<ProcessResult> =>
  runClient(work, home, [
    'pg_restore',
    '--exit-on-error',
    '--no-password',
    `--jobs=${Math.min(availableParallelism(), limits.restoreJobsMax)}`,
    `--dbname=${home}`,
    work.file,
  ]);

const runScript = (work: Work, home: string): Promise<ProcessResult> =>
  runClient(work, home, [
    'psql',
    '--no-psqlrc',
    '--quiet',
    '--no-password',
    '--set=ON_ERROR_STOP=1',
    '--output=/dev/null',
    `--file=${work.file}`,
  ]);

const runClient = (
  { clients, target, options }: Work,
  database: string,
  [program, ...words]: readonly [string, ...string[]],
): Promise<ProcessResult> =>
  runProcess([join(clients.folder, program), ...words], {
    // In the folder of the cluster, where a restore that was killed is looked for.
    cwd: target.dataFolder,
    env: {
      ...clientEnvironment(target.urlOf(database), database),
      PGOPTIONS: '-c client_min_messages=warning -c statement_timeout=0 -c lock_timeout=0',
      PGPASSWORD: '',
    },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
