// node scene.mjs up FOLDER    makes a control plane with a host and 20 apps in a new folder, and starts it
// In that folder:             node scene.mjs crash | lose | down
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const home = dirname(fileURLToPath(import.meta.url));
const plane = ['api', 'scheduler', 'reconciler'];
/** The Node of the set-up; undefined where there is none, and this one is too old. */
const node = [...nodesIn(resolve(home, '../../node_modules')), process.execPath].find(
  (path) => path !== process.execPath || Number(process.versions.node.split('.')[0]) >= 24,
);

/** `ports`, for a second scene beside the first one: of the API, the scheduler, the reconciler and the host. */
async function up(folder, ports = '8090,8091,8092,8093') {
  if (folder === undefined || existsSync(folder)) throw new Error('say where: a folder that is not there yet');
  if (node === undefined) throw new Error('the checkout is not set up. Run in it: npm run setup');
  const [api, scheduler, reconciler, host] = ports.split(',').map(Number);
  if (await answers(host)) throw new Error('a control plane is up already: node scene.mjs down, in its folder');
  mkdirSync(folder);
  process.chdir(folder);
  const files = {
    'ports.json': JSON.stringify({ api, scheduler, reconciler, host }),
    passphrase: randomBytes(16).toString('hex'),
    rate: '50',
    'lifeboat.yaml': readFileSync(join(home, 'lifeboat.yaml'), 'utf8')
      .replaceAll('127.0.0.1:8090', `127.0.0.1:${api}`)
      .replaceAll('127.0.0.1:8091', `127.0.0.1:${scheduler}`)
      .replaceAll('127.0.0.1:8092', `127.0.0.1:${reconciler}`)
      .replaceAll('127.0.0.1:8093', `127.0.0.1:${host}`),
  };
  for (const [name, value] of Object.entries(files)) writeFileSync(name, `${value}\n`, { mode: 0o600 });
  for (const name of ['scene.mjs', 'plane.mjs']) symlinkSync(join(home, name), name);
  symlinkSync(join(home, '../../bin/lifeboat'), 'lifeboat');
  symlinkSync(node, 'node'); // the parts need a newer one than many systems have
  mkdirSync('volumes');
  for (let number = 1; number <= 20; number += 1) writeFileSync(join('volumes', `volume-${number}`), randomBytes(4096));
  await run('make');
  for (const part of ['host', ...plane]) start(part);
  await until('the API', () => answers(api));
  await wish(api, 1, 20);
  await until(
    'all that is wanted',
    async () => (await ask(reconciler))?.secondsToConverge === 0 && (await ask(host))?.running === 20,
  );
  console.log(`20 apps run. The API is at http://127.0.0.1:${api}. Its files are in ${resolve('.')}`);
}

/** The control plane dies in the middle of a roll-out: the host and what runs on it goes on. */
async function crash(version = '2') {
  const { api, host } = portsNow();
  process.kill(pidOf('reconciler'), 'SIGKILL');
  await wish(api, Number(version), 24);
  for (const part of ['scheduler', 'api']) process.kill(pidOf(part), 'SIGKILL');
  await until('the end of the API', async () => !(await answers(api)));
  console.log(`the control plane is dead; ${(await ask(host)).running} apps run on`);
}

/** The store of the snapshots is gone with all that was in it. */
function lose() {
  rmSync('snapshots', { recursive: true });
  console.log('the store of the snapshots is gone');
}

async function down() {
  for (const part of ['host', ...plane]) {
    const pid = pidOf(part);
    if (pid === undefined || !isAlive(pid)) continue;
    process.kill(pid, 'SIGKILL');
    await until(`the end of ${part}`, () => !isAlive(pid));
  }
}

async function wish(port, version, apps) {
  for (let number = 1; number <= apps; number += 1)
    await fetch(`http://127.0.0.1:${port}/?app=app-${number}&version=${version}`, { method: 'POST' });
}

function nodesIn(modules) {
  const names = existsSync(modules) ? readdirSync(modules).filter((name) => name.startsWith('node-')) : [];
  return names.map((name) => join(modules, name, 'bin/node')).filter((path) => existsSync(path));
}

function start(part) {
  const log = openSync(`${part}.log`, 'a', 0o600);
  const child = spawn(resolve('node'), ['--disable-warning=ExperimentalWarning', join(home, 'plane.mjs'), part], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  child.unref();
  writeFileSync(`${part}.pid`, `${child.pid}\n`);
}

const run = (part) =>
  new Promise(
    (ends) => void spawn(resolve('node'), [join(home, 'plane.mjs'), part], { stdio: 'inherit' }).once('exit', ends),
  );

const portsNow = () => JSON.parse(readFileSync('ports.json', 'utf8'));
const pidOf = (part) => (existsSync(`${part}.pid`) ? Number(readFileSync(`${part}.pid`, 'utf8')) : undefined);

function isAlive(pid) {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}

const ask = async (port) => {
  try {
    return await (await fetch(`http://127.0.0.1:${port}/`)).json();
  } catch {
    return undefined;
  }
};
const answers = async (port) => (await ask(port)) !== undefined;

async function until(name, is) {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await is()) return;
    await sleep(50);
  }
  throw new Error(`waited 30 s for ${name}`);
}

const [what, ...words] = process.argv.slice(2);
const commands = { up, crash, lose, down };
try {
  if (commands[what] === undefined) throw new Error(`say what: ${Object.keys(commands).join(', ')}`);
  await commands[what](...words);
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
