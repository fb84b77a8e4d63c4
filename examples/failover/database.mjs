// The PostgreSQL servers of the two sites: made, started, stopped, killed, and made to follow the other one, with the tools that a DBA uses.
import { spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const { Client } = await import('pg').catch(() => {
  process.stderr.write('error: the checkout is not set up. Run in it: npm run setup\n');
  process.exit(2);
});

/** Each site has an address of its own; the servers listen on the same port, so that a name can lead to either. */
export const addresses = { west: '127.0.0.2', east: '127.0.0.3' };

/** The scene in the folder where we are: ports and passwords, as `scene.mjs up` made them. */
export const readScene = () => JSON.parse(readFileSync('scene.json', 'utf8'));

export const keeperUrl = (site, { port, keeper }) => `postgresql://keeper:${keeper}@${addresses[site]}:${port}/shop`;
export const shopUrl = (site, { port, shop }) => `postgresql://shop:${shop}@${addresses[site]}:${port}/shop`;

/** The first server of all: a new cluster with the shop's table, and a role for the shop that is no superuser. */
export async function makeDatabase(site, scene) {
  mkdirSync(site, { mode: 0o711 });
  own(site);
  const passwordFile = join(site, 'password');
  writeFileSync(passwordFile, scene.keeper, { mode: 0o600 });
  own(passwordFile);
  const words = ['-U', 'keeper', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--no-locale', '-E', 'UTF8'];
  run('initdb', ['-D', join(site, 'data'), '--data-checksums', '--no-sync', '--wal-segsize=1', ...words]);
  rmSync(passwordFile);
  const may = ['host all all 127.0.0.0/8 scram-sha-256', 'host replication keeper 127.0.0.0/8 scram-sha-256', ''];
  writeFileSync(join(site, 'data', 'pg_hba.conf'), may.join('\n'));
  await startDatabase(site, scene);
  const url = keeperUrl(site, scene);
  await ask(url.replace(/\/shop$/, '/postgres'), 'create database shop');
  await ask(url, `create role shop login password '${scene.shop}'; grant create on schema public to shop`);
  await ask(
    shopUrl(site, scene),
    'create table orders (id text primary key, site text not null, placed_at timestamptz not null default now())',
  );
}

export async function startDatabase(site, scene) {
  if (pidOf(site) !== undefined) return;
  const settings = {
    port: scene.port,
    listen_addresses: addresses[site],
    unix_socket_directories: '',
    wal_keep_size: '64MB',
    hot_standby: 'on',
    shared_buffers: '16MB',
    max_connections: 60,
    fsync: 'off', // nothing in this scene must outlive a power cut
  };
  const words = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // After kill -9 its children go when they notice: until then a new one refuses to start.
  for (let tries = 0; ; tries += 1) {
    const child = spawn(program('postgres'), ['-D', join(site, 'data'), ...words], {
      ...asServer(),
      detached: true,
      stdio: 'ignore',
    });
    const ended = new Promise((is) => child.once('exit', is));
    if ((await Promise.race([ended, answers(keeperUrl(site, scene).replace(/\/shop$/, '/postgres'))])) === true) {
      child.unref();
      return;
    }
    if (tries >= 50) throw new Error(`the database in ${site} does not start`);
    await sleep(200);
  }
}

/** Ends it as an administrator does, and waits until it is gone. */
export async function stopDatabase(site, signal = 'SIGINT') {
  const pid = pidOf(site);
  if (pid === undefined) return;
  process.kill(pid, signal);
  while (pidOf(site) !== undefined) await sleep(50);
}

/**
 * Makes the server of `site` a standby of the one in `other`. What it held is kept beside. Done again it does only what is missing:
 * a runner that died may not know how far it came.
 */
export async function follow(site, other, scene) {
  const [ours, theirs] = [keeperUrl(site, scene), keeperUrl(other, scene)];
  if (pidOf(site) !== undefined && (await ask(ours, 'select pg_is_in_recovery() as is'))[0].is !== true)
    throw new Error(`the database in ${site} takes writes: stop it before it is written over`);
  const [data, fresh] = [join(site, 'data'), join(site, 'data.new')];
  const isStandby = existsSync(join(data, 'standby.signal'));
  if (pidOf(site) === undefined && !isStandby) {
    if (existsSync(data) || !existsSync(fresh)) {
      rmSync(fresh, { recursive: true, force: true });
      mkdirSync(site, { recursive: true, mode: 0o711 });
      own(site);
      run('pg_basebackup', [
        '-D',
        fresh,
        '-d',
        `${theirs}?application_name=${site}`,
        '-R',
        '-X',
        'stream',
        '-c',
        'fast',
        '--no-sync',
      ]);
      if (existsSync(data)) renameSync(data, `${data}.before-${Date.now()}`);
    }
    renameSync(fresh, data);
  }
  await startDatabase(site, scene);
  const streams = `select 1 from pg_stat_replication where application_name = '${site}' and state = 'streaming'`;
  for (let tries = 0; (await ask(theirs, streams)).length === 0; tries += 1) {
    if (tries > 600) throw new Error(`the database in ${site} started, and does not follow ${other}`);
    await sleep(100);
  }
}

export async function ask(url, text) {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000, query_timeout: 20_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return [await client.query(text)].flat().at(-1).rows;
  } finally {
    await client.end();
  }
}

/** The number of its process, while it runs. */
export function pidOf(site) {
  const file = join(site, 'data', 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'latin1').split('\n')[0]);
  return isAlive(pid) ? pid : undefined;
}

/** Whether it runs; one that ended and that nobody has waited for yet does not. */
export function isAlive(pid) {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}

async function answers(url) {
  for (let tries = 0; tries < 300; tries += 1) {
    try {
      await ask(url, 'select 1');
      return true;
    } catch {
      await sleep(50);
    }
  }
  return false;
}

function run(name, words) {
  const { status, stderr, error } = spawnSync(program(name), words, { ...asServer(), encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name}: ${error?.message ?? stderr.trim()}`);
}

function program(name) {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [];
  const found = versions
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => `/usr/lib/postgresql/${version}/bin/${name}`)
    .find((path) => existsSync(path));
  if (found === undefined) throw new Error(`this example needs PostgreSQL with its tools: there is no ${name}`);
  return found;
}

/** PostgreSQL refuses root: then it runs as the user postgres. */
function asServer() {
  const env = { PATH: process.env['PATH'], LC_ALL: 'C' };
  if (process.getuid?.() !== 0) return { env, cwd: resolve('.') };
  const [uid, gid] = userOf('postgres');
  return { env, cwd: resolve('.'), uid, gid };
}

function own(path) {
  if (process.getuid?.() === 0) chownSync(path, ...userOf('postgres'));
}

function userOf(name) {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${name}:`));
  return (line ?? '').split(':').slice(2, 4).map(Number);
}
