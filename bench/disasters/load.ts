import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LifeboatError, plainEnvironment, runProcess, startService, systemClock } from '../../src/core/index.ts';
import { postgresPrograms } from '../packages.ts';
import { query } from './sql.ts';

/** One transaction that the server acknowledged: which run of pgbench, which of its clients, the how manieth of that client. */
export interface Acknowledged {
  readonly id: string;
  /** When pgbench had the answer, milliseconds since 1970. */
  readonly atMs: number;
}

export interface Load {
  /** Ends pgbench, if the disaster has not, and reads what was acknowledged, by time. */
  stop(): Promise<Acknowledged[]>;
}

/** 100,000 accounts each. */
const scale = 1;
export const clients = 2;

/**
 * Half of it changes what is there, half adds. Together they can be audited: the balances of all accounts are the sum of what the ledger says,
 * or a transaction came back by half.
 */
const script = `\\set n :n + 1
\\set aid random(1, 100000 * :scale)
\\set delta random(-5000, 5000)
begin;
update pgbench_accounts set abalance = abalance + :delta where aid = :aid;
insert into ledger (run, client, n, delta) values (:run, :client_id, :n, :delta);
commit;
`;

/** What pgbench works on: its own tables, a ledger, and a table that only a disaster touches. */
export async function fill(url: string): Promise<void> {
  const { exitCode, stderr } = await pgbench(['-i', '-q', '-s', String(scale)], url);
  if (exitCode !== 0) throw new LifeboatError('process.failed', `pgbench could not fill the database: ${stderr}`);
  await query(
    url,
    `create table ledger (run int, client int, n int, delta int, primary key (run, client, n));
     create table prices as select id, repeat(md5(id::text), 8) as text from generate_series(1, ${rowsOfPrices}) as id;
     alter table prices add primary key (id); checkpoint`,
  );
}

export const rowsOfPrices = 5000;

/** Transactions from so many clients until it is stopped, or the server goes. Each run has a number of its own. */
export async function startLoad(folder: string, url: string, run: number): Promise<Load> {
  const place = join(folder, `load-${run}`);
  await mkdir(place);
  await writeFile(join(place, 'load.sql'), script);
  const words = ['-n', '-f', join(place, 'load.sql'), '-c', String(clients), '-T', '3600', '-l'];
  const variables = ['-D', 'n=0', '-D', `run=${run}`, '-D', `scale=${scale}`];
  const { argv, env } = commandOf([...words, ...variables, '--log-prefix', join(place, 'log')], url);
  const service = await startService(argv, { env, cwd: place });
  return {
    stop: async () => {
      // It writes its log down when its clients end, and they end when the server does not want them any more.
      await query(
        url,
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pgbench'`,
      ).catch(
        () => {}, // the server is gone, and so they are
      );
      await Promise.race([service.ended, systemClock.sleep(10_000)]);
      await service.stop();
      return readLog(place, run);
    },
  };
}

/** `client transaction latency script seconds microseconds`, one line for each transaction whose commit was answered. */
async function readLog(place: string, run: number): Promise<Acknowledged[]> {
  const all: Acknowledged[] = [];
  for (const name of (await readdir(place)).filter((one) => one.startsWith('log.'))) {
    const lines = (await readFile(join(place, name), 'utf8')).split('\n').slice(0, -1);
    for (const line of lines) {
      const [client, transaction, latency, , seconds, microseconds] = line.split(' ');
      if (latency === 'failed' || latency === 'skipped') continue;
      const atMs = Number(seconds) * 1000 + Number(microseconds) / 1000;
      all.push({ id: `${run}/${client}/${transaction}`, atMs });
    }
  }
  return all.toSorted((a, b) => a.atMs - b.atMs);
}

const pgbench = (words: readonly string[], url: string) => {
  const { argv, env } = commandOf(words, url);
  return runProcess(argv, { env, timeoutMs: 300_000 });
};

/** The password goes by the environment: a command line can be read by everybody. */
function commandOf(words: readonly string[], url: string) {
  const { hostname, port, username, password, pathname } = new URL(url);
  const argv = [join(postgresPrograms, 'pgbench'), ...words, '-h', hostname, '-p', port, '-U', username];
  return {
    argv: [...argv, pathname.slice(1)],
    env: plainEnvironment({ PGPASSWORD: decodeURIComponent(password), LC_ALL: 'C' }),
  };
}
