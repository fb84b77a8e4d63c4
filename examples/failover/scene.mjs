#!/usr/bin/env node
// node scene.mjs up FOLDER    makes two sites, a proxy and a name server in a new folder, and starts them
// In that folder:             node scene.mjs kill west | start west | stop west | status | down
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { Resolver } from 'node:dns/promises';
import { request } from 'node:http';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  addresses,
  ask,
  follow,
  isAlive,
  keeperUrl,
  makeDatabase,
  pidOf,
  readScene,
  shopUrl,
  startDatabase,
  stopDatabase,
} from './database.mjs';

const home = dirname(fileURLToPath(import.meta.url));
const [haproxy, knotd] = ['/usr/sbin/haproxy', '/usr/sbin/knotd'];
/** `ports`, for a second scene beside the first one: of the databases, the shops in west and east, the proxy, the name server. */
async function up(folder, ports = '5440,8081,8082,8080,5354') {
  if (folder === undefined || existsSync(folder)) throw new Error('say where: a folder that is not there yet');
  for (const program of [haproxy, knotd])
    if (!existsSync(program)) throw new Error(`this example needs haproxy and knot: there is no ${program}`);
  const scene = sceneFrom(ports.split(',').map(Number));
  if (await isHealthy(scene.proxyPort)) throw new Error('a shop is up already: node scene.mjs down, in its folder');
  mkdirSync(folder, { mode: 0o711 });
  process.chdir(folder);
  writeFiles(scene);
  await makeDatabase('west', scene);
  await follow('east', 'west', scene);
  for (const [site, port] of [
    ['west', scene.westPort],
    ['east', scene.eastPort],
  ])
    service(`shop-${site}`, [process.execPath, join(home, 'shop.mjs'), site, String(port), 'shop.env']);
  service('haproxy', [haproxy, '-db', '-f', 'haproxy.cfg']);
  service('knotd', [knotd, '-c', resolve('knot.conf')]);
  await until('the shop', () => isHealthy(scene.proxyPort));
  await until('the name server', () => hasName(scene.namePort));
  console.log(`The shop takes orders at http://127.0.0.1:${scene.proxyPort}. Its files are in ${resolve('.')}`);
}

function sceneFrom([port, westPort, eastPort, proxyPort, namePort]) {
  const word = () => randomBytes(12).toString('hex');
  return { port, westPort, eastPort, proxyPort, namePort, keeper: word(), shop: word() };
}

function writeFiles(scene) {
  const { westPort, eastPort, proxyPort, namePort } = scene;
  const key = randomBytes(32).toString('base64');
  for (const folder of ['zones', 'names']) mkdirSync(folder);
  const text = {
    'scene.json': JSON.stringify(scene),
    passphrase: randomBytes(16).toString('hex'),
    'name.key': key,
    'west.url': keeperUrl('west', scene),
    'east.url': keeperUrl('east', scene),
    'primary.url': keeperUrl('west', scene),
    'west.shop.url': shopUrl('west', scene),
    'east.shop.url': shopUrl('east', scene),
    'shop.env': `DATABASE_URL=${shopUrl('west', scene)}`,
    'haproxy.cfg': proxySettings(scene),
    'zones/shop.example.zone': zone,
    'knot.conf': nameSettings(namePort, key),
    'lifeboat.yaml': readFileSync(join(home, 'lifeboat.yaml'), 'utf8')
      .replaceAll('127.0.0.1:8080', `127.0.0.1:${proxyPort}`)
      .replaceAll('127.0.0.1:8081', `127.0.0.1:${westPort}`)
      .replaceAll('127.0.0.1:8082', `127.0.0.1:${eastPort}`)
      .replaceAll('127.0.0.1:5354', `127.0.0.1:${namePort}`),
  };
  for (const [name, value] of Object.entries(text)) writeFileSync(name, `${value}\n`, { mode: 0o600 });
  for (const name of ['scene.mjs', 'follow.mjs', 'customers.mjs']) symlinkSync(join(home, name), name);
  symlinkSync(join(home, '../../bin/lifeboat'), 'lifeboat');
}

const proxySettings = ({ proxyPort, westPort, eastPort }) => `global
  stats socket ${resolve('haproxy.sock')} mode 600 level admin
defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 5s
frontend customers
  bind 127.0.0.1:${proxyPort}
  default_backend shop
backend shop
  balance roundrobin
  server west 127.0.0.1:${westPort} weight 100
  server east 127.0.0.1:${eastPort} weight 0`;

const zone = `$TTL 300
@ SOA ns.shop.example. hostmaster.shop.example. 1 3600 600 86400 60
@ NS ns.shop.example.
ns A 127.0.0.1
primary 2 A ${addresses.west}`;

const nameSettings = (port, key) => `server:
  rundir: "${resolve('names')}"
  listen: "127.0.0.1@${port}"
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: "${resolve('names')}"
key:
  - id: turner
    algorithm: hmac-sha256
    secret: "${key}"
acl:
  - id: turns
    key: turner
    action: update
zone:
  - domain: shop.example
    storage: "${resolve('zones')}"
    file: shop.example.zone
    acl: turns`;

/** The machine dies: no farewell, no last write. */
async function kill(site) {
  const pid = pidOf(site);
  if (pid === undefined) throw new Error(`the database in ${site} does not run`);
  process.kill(pid, 'SIGKILL');
  console.log(`killed the database in ${site} at ${new Date().toISOString()}`);
}

async function start(site) {
  await startDatabase(site, readScene());
  console.log(`the database in ${site} runs`);
}

async function stop(site) {
  await stopDatabase(site);
  console.log(`the database in ${site} is stopped`);
}

async function status() {
  const scene = readScene();
  for (const site of ['west', 'east']) {
    const [row] = await ask(
      keeperUrl(site, scene),
      'select pg_is_in_recovery() as follows, count(*)::int as orders from orders',
    ).catch(() => []);
    const is =
      row === undefined ? 'does not answer' : `${row.follows ? 'follows' : 'takes writes'}, ${row.orders} orders`;
    console.log(`${site}: ${is}`);
  }
}

async function down() {
  for (const name of ['shop-west', 'shop-east', 'haproxy', 'knotd']) {
    if (!existsSync(`${name}.pid`)) continue;
    const pid = Number(readFileSync(`${name}.pid`, 'utf8'));
    if (isAlive(pid)) process.kill(pid, 'SIGTERM');
    await until(`the end of ${name}`, () => !isAlive(pid));
  }
  for (const site of ['east', 'west']) await stopDatabase(site, 'SIGQUIT');
}

function service(name, [program, ...words]) {
  const log = openSync(`${name}.log`, 'a', 0o600);
  const child = spawn(program, words, { detached: true, stdio: ['ignore', log, log] });
  child.unref();
  writeFileSync(`${name}.pid`, `${child.pid}\n`);
}

async function until(name, is) {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await is()) return;
    await sleep(50);
  }
  throw new Error(`waited 30 s for ${name}`);
}

const isHealthy = (port) =>
  new Promise((is) => {
    const asked = request({ host: '127.0.0.1', port, path: '/health' }, (answer) => {
      answer.resume();
      is(answer.statusCode === 200);
    });
    asked.once('error', () => is(false));
    asked.end();
  });

async function hasName(port) {
  const resolver = new Resolver({ timeout: 200, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  return resolver.resolve4('primary.shop.example').then(
    () => true,
    () => false,
  );
}

const [what, ...words] = process.argv.slice(2);
const commands = { up, kill, start, stop, status, down };
try {
  if (commands[what] === undefined) throw new Error(`say what: ${Object.keys(commands).join(', ')}`);
  await commands[what](...words);
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
