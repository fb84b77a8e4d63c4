import { open, unlink, type FileHandle } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { LifeboatError, limits, runProcess, type ProcessResult } from '../../../../core/index.ts';
import type { PointContents } from '../../../entry.ts';
import { withConnection } from '../../link/connection.ts';
import { ArchiveReader } from '../archive/archive.ts';
import { placeKnown, type ArchiveContents } from '../archive/archive-format.ts';
import type { RestoreTarget } from './cluster.ts';
import { clientEnvironment } from '../environment.ts';
import type { DumpedDatabase } from '../facts.ts';
import { globalsForCopy } from '../dumping/globals.ts';
import type { ClientPrograms } from '../programs.ts';
import { mustBeSilent, shownStatements } from './said.ts';

export interface Restoring {
  readonly point: PointContents;
  readonly clients: ClientPrograms;
  readonly target: RestoreTarget;
  readonly superuser: string;
  readonly signal: AbortSignal | undefined;
}

/** Roles and tablespaces; a statement that fails ends it. Throws `process.failed`, `asset.foreign`. */
export async function restoreGlobals(restoring: Restoring): Promise<void> {
  const { point, clients, superuser } = restoring;
  const pieces: Uint8Array[] = [];
  for await (const piece of point.read('globals.sql')) pieces.push(Buffer.from(piece));
  const sql = globalsForCopy(Buffer.concat(pieces), superuser);
  const result = await runClient(
    restoring,
    [join(clients.folder, 'psql'), '--no-psqlrc', '--quiet', '--no-password', '--set=ON_ERROR_STOP=1', '--file=-'],
    'template1',
    sql,
  );
  if (result.exitCode !== 0 || result.stderr.trim() !== '') {
    throw new LifeboatError(
      'restore.check_failed',
      `the roles could not be restored: ${shownStatements(result.stderr, sql.toString('utf8'))}`,
      {
        hint: 'A role may name what only the source has: see the statement.',
      },
    );
  }
}

/**
 * One database, made and filled by pg_restore with several workers: they need the dump as a file. Any
 * statement that fails ends it, and whatever else is said is an error too, but for what `said.ts` names as harmless.
 */
export async function restoreDatabase(restoring: Restoring, database: DumpedDatabase, folder: string): Promise<void> {
  const { point, clients } = restoring;
  const file = join(folder, 'one.dump');
  const contents = await writeDump(point, `${database.path}.dump`, file);
  if (contents.bytes !== database.bytes) {
    throw new LifeboatError(
      'repository.damaged',
      `the dump of ${database.name} has ${contents.bytes} bytes instead of ${database.bytes}`,
    );
  }
  const home = await makeRoomFor(database.name, restoring.target);
  const jobs = Math.min(availableParallelism(), limits.restoreJobsMax);
  const result = await runClient(
    restoring,
    [
      join(clients.folder, 'pg_restore'),
      '--exit-on-error',
      '--create',
      '--no-password',
      `--jobs=${jobs}`,
      `--dbname=${home}`,
      file,
    ],
    home,
  );
  mustBeSilent(result, database.name);
  // After a failure it stays until the whole folder goes: whoever asks why finds the disk as it was.
  await unlink(file);
}

/** A new cluster is born with two databases; those of the point take their place. Returns one to connect to meanwhile. */
async function makeRoomFor(name: string, target: RestoreTarget): Promise<string> {
  if (name !== 'postgres' && name !== 'template1') return 'postgres';
  const other = name === 'postgres' ? 'template1' : 'postgres';
  await withConnection(target.urlOf(other), async (client) => {
    if (name === 'template1') await client.query('alter database template1 is_template false');
    await client.query(`drop database ${name}`);
  });
  return other;
}

/** Writes a dump with the places of its data noted, as pg_dump does into a file: each worker then goes straight to its own. */
async function writeDump(point: PointContents, path: string, file: string): Promise<ArchiveContents> {
  const reader = new ArchiveReader();
  const handle = await open(file, 'wx', 0o600);
  try {
    for await (const piece of point.read(path)) {
      reader.push(piece);
      await writeAll(handle, piece);
    }
    const contents = reader.end();
    for (const { noteAt, dataAt } of contents.places) {
      const note = Buffer.alloc(9, placeKnown);
      note.writeBigUInt64LE(BigInt(dataAt), 1);
      await handle.write(note, 0, note.length, noteAt);
    }
    return contents;
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length;) at += (await handle.write(piece, at, piece.length - at)).bytesWritten;
}

/** What a role or database of the source sets for its sessions must not keep it from being restored. */
const sessionOptions = [
  'client_min_messages=warning',
  'default_transaction_read_only=off',
  'session_preload_libraries=',
  'statement_timeout=0',
  'lock_timeout=0',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

const runClient = (
  { target, signal }: Restoring,
  argv: readonly string[],
  database: string,
  input?: Uint8Array,
): Promise<ProcessResult> =>
  runProcess(argv, {
    // In the folder of the cluster, where a restore that was killed is looked for.
    cwd: target.dataFolder,
    env: { ...clientEnvironment(target.urlOf(database), database), PGOPTIONS: sessionOptions, PGPASSWORD: '' },
    ...(input === undefined ? {} : { input }),
    ...(signal === undefined ? {} : { signal }),
  });
