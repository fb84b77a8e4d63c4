// node plane.mjs api|scheduler|reconciler|host: the four parts of a small control plane, each a process, in the folder where it is started.
// node plane.mjs rate SHARE, node plane.mjs rate: how much of its speed the reconciler may use, in percent.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

const [part, ...words] = process.argv.slice(2);
const ports = existsSync('ports.json') ? JSON.parse(readFileSync('ports.json', 'utf8')) : {};
const everyMs = 100;
/** Changes that the reconciler carries out in a turn at full speed. */
const changesMax = 10;
/** Changes that a host bears at once; more, and it refuses. Each takes it a while. */
const hostMax = 5;
const changeMs = 100;

/** What is wanted (`version`, on `host`) and what was brought about (`applied`). */
function open() {
  const database = new DatabaseSync('plane.db', { timeout: 5000 });
  database.exec('pragma journal_mode = wal');
  return database;
}

function make() {
  open().exec(
    'create table apps (name text primary key, version integer not null, host text, applied integer, changed_at integer not null)',
  );
}

/** Takes wishes, but none while the flag of the read-only mode is up. */
function api() {
  const database = open();
  const wish = database.prepare(
    `insert into apps (name, version, changed_at) values (?, ?, ?)
     on conflict (name) do update set version = excluded.version, changed_at = excluded.changed_at`,
  );
  serve(ports.api, (request, { pathname, searchParams }) => {
    const mode = existsSync('read-only') ? 'read-only' : 'normal';
    if (pathname === '/health') return [200, { mode }];
    if (request.method === 'GET') return [200, { apps: database.prepare('select * from apps order by name').all() }];
    if (mode === 'read-only') return [503, { error: 'read-only: nothing is taken now' }];
    wish.run(searchParams.get('app'), Number(searchParams.get('version')), Date.now());
    return [202, {}];
  });
}

/** Finds a host for what has none. */
async function scheduler() {
  const database = open();
  const place = database.prepare(`update apps set host = 'host' where host is null`);
  serve(ports.scheduler, () => [200, { ok: true }]);
  for (;;) {
    place.run();
    await sleep(everyMs);
  }
}

/** Brings about what is wanted, as fast as it may. */
async function reconciler() {
  const database = open();
  const undone = `host is not null and (applied is null or applied <> version)`;
  const next = database.prepare(`select name, version from apps where ${undone} order by changed_at limit ?`);
  const oldest = database.prepare(`select min(changed_at) as at from apps where ${undone}`);
  const done = database.prepare('update apps set applied = ? where name = ?');
  let failures = 0;
  serve(ports.reconciler, () => {
    const { at } = oldest.get();
    return [200, { secondsToConverge: at === null ? 0 : (Date.now() - at) / 1000, failures, rate: share() }];
  });
  const bringAbout = async ({ name, version }) => {
    const url = `http://127.0.0.1:${ports.host}/apps?app=${name}&version=${version}`;
    const isDone = await fetch(url, { method: 'PUT' }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isDone) done.run(version, name);
    else failures += 1;
  };
  for (;;) {
    await Promise.all(next.all(Math.ceil((changesMax * share()) / 100)).map(bringAbout));
    await sleep(everyMs);
  }
}

/** Runs the apps of customers. It bears only so much at once, and counts what disturbs what runs. */
function host() {
  const apps = new Map();
  const seen = { changes: 0, refused: 0, disturbed: 0 };
  const startedAt = new Date().toISOString();
  let underWay = 0;
  serve(ports.host, async (request, { searchParams }) => {
    if (request.method === 'GET') return [200, { startedAt, running: apps.size, ...seen }];
    if (underWay >= hostMax) {
      seen.refused += 1;
      return [429, {}];
    }
    underWay += 1;
    await sleep(changeMs);
    underWay -= 1;
    const [app, version] = [searchParams.get('app'), searchParams.get('version')];
    if (apps.get(app) === version) seen.disturbed += 1;
    apps.set(app, version);
    seen.changes += 1;
    return [200, {}];
  });
}

function rate(text) {
  if (text !== undefined) writeFileSync('rate', `${text}\n`);
  console.log(share());
}

const share = () => (existsSync('rate') ? Number(readFileSync('rate', 'utf8')) : 0);

function serve(port, answer) {
  createServer(async (request, response) => {
    const [status, body] = await answer(request, new URL(request.url, 'http://plane'));
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(`${JSON.stringify(body)}\n`);
  }).listen(port, '127.0.0.1');
}

const parts = { api, scheduler, reconciler, host, rate, make };
if (parts[part] === undefined) throw new Error(`say what: ${Object.keys(parts).join(', ')}`);
await parts[part](...words);
