import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import {
  makeCluster,
  makeServerFolder,
  serverUser,
  startServer,
  findPrograms,
  type RunningServer,
} from '../src/assets/postgres/server/index.ts';
import { freePort, LifeboatError, systemClock } from '../src/core/index.ts';
import { run, type Stopwatch } from './measure.ts';
import { postgresPrograms } from './packages.ts';
import { writeDocuments } from './text.ts';
import type { PostgresSource, RestoredServer } from './tool.ts';

export const major = 15;
/** Four segments. */
const logBytesMost = 64 * 2 ** 20;
const askEveryMs = 10;
const password = 'bench-of-lifeboat';

/** Anybody on this machine may come in by the socket, as pgBackRest does; the cluster lives for minutes. */
const socketRule = 'local all all trust';

/** Nothing but the tools works while they are measured, and little log lies about that a copy of the folder would have to take. */
const quiet = {
  autovacuum: 'off',
  wal_recycle: 'off',
  max_wal_size: '64MB',
  min_wal_size: '32MB',
  shared_buffers: '128MB',
};
const loading = { ...quiet, max_wal_size: '4GB', maintenance_work_mem: '256MB' };

export interface Database {
  readonly source: PostgresSource;
  stop(): Promise<void>;
}

/** One database for several suites. */
export interface SharedDatabase {
  /** Made by the first call. */
  get(): Promise<Database>;
  /** The number of the next round of changes, from 0 on: no two rounds of one database change the same rows, which would have moved together. */
  nextRound(): number;
  /** Ends and removes it, if there is one. */
  end(): Promise<void>;
}

export function sharedDatabase(make: () => Promise<Database>): SharedDatabase {
  let made: Promise<Database> | undefined;
  let rounds = 0;
  return {
    get: () => (made ??= make()),
    nextRound: () => rounds++,
    // One that could not be made has told so to whoever wanted it.
    end: async () => (await made?.catch(() => undefined))?.stop(),
  };
}

/** A PostgreSQL with page checksums, filled by pgbench and with jsonb and text, at rest. */
export async function makeDatabase(
  folder: string,
  size: { scale: number; documents: number },
  signal: AbortSignal,
): Promise<Database> {
  const user = await serverUser();
  const dataFolder = join(folder, 'data');
  const socketFolder = join(folder, 'socket');
  const archivingFile = join(folder, 'archiving');
  await makeServerFolder(socketFolder, user);
  const cluster = await makeCluster({ dataFolder, password, major, hba: socketRule });
  await fill(await cluster.start({ ...loading, fsync: 'off' }), cluster, folder, size, signal);
  // pgBackRest wants to read its own name in the command.
  const archive = join(folder, 'archive-by-pgbackrest.sh');
  await writeFile(archive, archiveScript(archivingFile), { mode: 0o755 });
  const server = await cluster.start({
    ...quiet,
    unix_socket_directories: socketFolder,
    archive_mode: 'on',
    archive_command: `sh ${archive} "%p"`,
  });
  const source = {
    dataFolder,
    port: cluster.port,
    password,
    url: cluster.url,
    socketFolder,
    user,
    archivingFile,
    signal,
  };
  await checkpoint(cluster.url);
  return { source: { ...source, serverPid: server.pid }, stop: () => server.stop() };
}

/**
 * How each tool's copy is started, so that the first answer means the same for all: the clock stops when a client on the
 * network has its first row, which is a little sooner than we learn from the server that it is ready.
 */
export async function startRestored(
  stopwatch: Stopwatch,
  dataFolder: string,
  source: PostgresSource,
): Promise<RestoredServer> {
  const port = await freePort();
  const url = source.url.replace(`:${source.port}/`, `:${port}/`);
  const settings = { ...quiet, listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '' };
  const waiting = new AbortController();
  const answered = untilAnswered(url, AbortSignal.any([source.signal, waiting.signal])).then(() => stopwatch.stop());
  // A server that does not start says why; that nobody answered then says no more.
  answered.catch(() => {});
  try {
    const server = await startServer({
      programs: await findPrograms(major),
      user: source.user,
      dataFolder,
      url,
      logFile: `${dataFolder}.log`,
      settings: { ...settings, archive_mode: 'off' },
      signal: source.signal,
    });
    await answered;
    return { url, stop: () => server.stop() };
  } finally {
    waiting.abort();
  }
}

/** A client that tries again and again until it has its row. */
async function untilAnswered(url: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return void (await firstAnswer(url));
    } catch {
      // Not there yet, or still replaying; whoever starts it knows when to give up.
      await systemClock.sleep(askEveryMs, signal);
    }
  }
}

/** An empty server for a dump to be loaded into, set as the manual advises for that. */
export async function startEmpty(dataFolder: string): Promise<RestoredServer> {
  const cluster = await makeCluster({ dataFolder, password, major });
  const server = await cluster.start(loading);
  return { url: cluster.url, stop: () => server.stop() };
}

/** What a restored copy must say too: every row counts. */
export const contentOf = (url: string): Promise<string> =>
  query(
    url,
    `select concat_ws(' ', (select count(*) from pgbench_accounts), (select sum(abalance::bigint * (aid % 1009)) from pgbench_accounts),
     (select count(*) from documents), (select sum(hashtext(body)::bigint) from documents), (select sum((facts->>'changes')::int) from documents)) as value`,
  );

export const firstAnswer = (url: string): Promise<string> =>
  query(url, 'select bbalance::text as value from pgbench_branches order by bid limit 1');

/** Changes a hundredth of the rows: those of one range, or every row with a chance of one in a hundred. */
export async function change(source: PostgresSource, how: 'contiguous' | 'scattered', round: number): Promise<void> {
  const rows = (key: string, table: string): string =>
    how === 'scattered'
      ? `(hashint4(${key}) & 2147483647) % 100 = ${round % 100}`
      : `${key} > (select max(${key}) from ${table}) / 100 * ${(round * 7 + 11) % 100} and ${key} <= (select max(${key}) from ${table}) / 100 * (${(round * 7 + 11) % 100} + 1)`;
  await query(
    source.url,
    `with a as (update pgbench_accounts set abalance = abalance + 1 + aid % 97 where ${rows('aid', 'pgbench_accounts')} returning 1),
     d as (update documents set facts = jsonb_set(facts, '{changes}', to_jsonb((facts->>'changes')::int + 1)) where ${rows('id', 'documents')} returning 1)
     select concat_ws(' ', (select count(*) from a), (select count(*) from d)) as value`,
  );
}

/** Everything is in the data folder. Reading all rows first sets their hint bits, which would change pages later. */
export async function atRest(source: PostgresSource): Promise<string> {
  const content = await contentOf(source.url);
  await checkpoint(source.url);
  return content;
}

async function fill(
  server: RunningServer,
  { url }: { url: string },
  folder: string,
  { scale, documents }: { scale: number; documents: number },
  signal: AbortSignal,
): Promise<void> {
  const file = join(folder, 'documents.tsv');
  try {
    await run([join(postgresPrograms, 'pgbench'), '-i', '-q', '-s', String(scale), url], signal);
    await writeDocuments(file, documents);
    const load = [
      'create table documents (id int primary key, facts jsonb not null, body text not null)',
      `\\copy documents from '${file}'`,
      'vacuum (freeze, analyze) documents',
    ];
    const words = load.flatMap((command) => ['-c', command]);
    await run([join(postgresPrograms, 'psql'), '-q', '-v', 'ON_ERROR_STOP=1', ...words, url], signal);
    await contentOf(url);
  } finally {
    await rm(file, { force: true });
    await server.stop();
  }
}

/** Again and again, until the files of the log before it are gone: they are kept until the archiver has seen them. */
async function checkpoint(url: string): Promise<void> {
  for (let round = 0; round < 100; round += 1) {
    await query(url, 'checkpoint');
    if (Number(await query(url, 'select sum(size)::text as value from pg_ls_waldir()')) <= logBytesMost) return;
    await query(url, 'select pg_switch_wal()::text as value');
    await systemClock.sleep(100);
  }
  throw new LifeboatError(
    'process.failed',
    'the log of the server does not become short, and some tools would copy it',
  );
}

async function query(url: string, sql: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ value: string }>(sql);
    return String(rows[0]?.value ?? '');
  } finally {
    await client.end();
  }
}

const archiveScript = (file: string): string => `# Archives only while pgBackRest takes a backup.
[ -s '${file}' ] || exit 0
exec pgbackrest --config="$(cat '${file}')" --stanza=bench archive-push "$1"
`;
