// Makes a fresh checkout ready: the npm packages, Node 24 among them, a PostgreSQL, and the built program. Plain JavaScript
// without any dependency, because it runs before there are any, on Node 20 or newer. When all is there it ends within
// milliseconds and touches no network.
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fingerprintOf } from './build/fingerprint.mjs';
import { isWhole } from './build/built.mjs';
import { lastWord } from './build/last-word.mjs';
import { madeOfNow, webFingerprintOf } from './build/web-fingerprint.mjs';

const home = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(home, 'node_modules');
const oldestNode = 20;

class Missing extends Error {}

try {
  setUp();
} catch (error) {
  if (!(error instanceof Missing)) throw error;
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 2;
}

function setUp() {
  requireNode();
  const hasInstalled = !isInstalled();
  if (hasInstalled) oneAtATime(() => isInstalled() || installPackages());
  linkNode();
  requirePostgres();
  buildProgram();
  buildWeb();
  const word = lastWord({ hasInstalled, event: process.env.npm_lifecycle_event });
  if (word !== undefined) say(word);
}

function requireNode() {
  if (Number(process.versions.node.split('.')[0]) >= oldestNode) return;
  throw new Missing(
    `Node ${oldestNode} or newer is needed and this is ${process.version}. Install it: apt-get install nodejs npm`,
  );
}

/** Whether what npm recorded in node_modules is what the lockfile asks for; a stamp would miss an npm run by hand. */
function isInstalled() {
  const wanted = readJson(join(home, 'package-lock.json'));
  const present = readJson(join(modules, '.package-lock.json'))?.packages;
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted.packages).every(([path, entry]) => {
    if (path === '') return true;
    const found = present[path];
    if (found === undefined) return entry.optional === true && !isForThisMachine(path, entry);
    return found.version === entry.version && found.integrity === entry.integrity && existsSync(join(home, path));
  });
}

/** Only the optional packages that this file is about: npm itself decides about those of other packages. */
function isForThisMachine(path, { os, cpu }) {
  if (!/^node_modules\/(node|postgres-\d+)-[a-z]+-/.test(path)) return false;
  return [os].flat().includes(process.platform) && [cpu].flat().includes(process.arch);
}

/**
 * `npm install --no-save` and not `npm ci`: both take exactly the locked versions, but `ci` refuses a lockfile that lacks
 * the optional packages of other platforms, and a registry that mirrors one platform only can write no other lockfile.
 */
function installPackages() {
  say('Setting up: npm packages, Node 24 and PostgreSQL among them (once, about 200 MB) …');
  const words = ['install', '--no-save', '--include=dev', '--include=optional', '--loglevel=error', '--no-progress'];
  const result = spawnSync(...npm([...words, '--no-audit', '--no-fund', '--engine-strict=false']), {
    cwd: home,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.error !== undefined) {
    throw new Missing(`npm does not start (${result.error.message}). Install it: apt-get install npm`);
  }
  if (result.status !== 0) {
    const reason = result.stderr
      .split('\n')
      .filter((line) => /^npm (error|ERR!) (?!A complete log)/.test(line) && !/ code /.test(line));
    const said = (reason[0] ?? result.stderr.trim().split('\n').at(-1) ?? '').replace(/^npm (error|ERR!) */, '');
    throw new Missing(`the npm packages could not be installed: ${said}. Check the network, then run: npm run setup`);
  }
  finishPostgres();
  if (!isInstalled()) {
    throw new Missing(
      `npm installed not all that package-lock.json asks for (an optional package failed to download?). Run: rm -rf ${modules} && npm run setup`,
    );
  }
}

/** The npm that started us, or the one on the PATH. */
function npm(words) {
  const started = process.env.npm_execpath;
  if (started?.endsWith('npm-cli.js') && existsSync(started)) return [process.execPath, [started, ...words]];
  return ['npm', words];
}

/** Some npm versions do not make this link, and the scripts of package.json find Node 24 by it. */
function linkNode() {
  const node = bundled('node-', 'bin/node');
  if (node === undefined) {
    if (Number(process.versions.node.split('.')[0]) >= 24) return;
    throw new Missing(
      `no Node 24 comes with the packages for ${process.platform} on ${process.arch}, and this is ${process.version}. Install Node 24 and run: npm run setup`,
    );
  }
  const link = join(modules, '.bin', 'node');
  if (existsSync(link)) return;
  try {
    rmSync(link, { force: true });
    symlinkSync(join('..', node, 'bin', 'node'), link);
  } catch {
    // A folder of another user: bin/lifeboat and scripts/test.mjs find the newer Node without the link.
  }
}

/** The libraries' links come from an install script, which npm may have been told not to run. */
function finishPostgres() {
  for (const name of readdirSync(modules).filter((entry) => /^postgres-\d+-/.test(entry))) {
    const script = join(modules, name, 'scripts', 'hydrate-symlinks.js');
    if (existsSync(script)) spawnSync(process.execPath, [script], { cwd: join(modules, name), stdio: 'ignore' });
  }
}

function requirePostgres() {
  const system = '/usr/lib/postgresql';
  const versions = existsSync(system) ? readdirSync(system) : [];
  if (versions.some((version) => existsSync(join(system, version, 'bin', 'postgres')))) return;
  if (bundled('postgres-', 'native/bin/postgres') !== undefined) return;
  if ((process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, 'postgres')))) return;
  throw new Missing(
    `no PostgreSQL server is installed, and none comes with the packages for ${process.platform} on ${process.arch}. Install one: apt-get install postgresql`,
  );
}

/** Without it everything works as well, half a second later at each start. */
function buildProgram() {
  if (isWhole(join(home, 'dist', 'program', String(fingerprintOf(home))))) return;
  const why = failureOf('program.mjs');
  if (why !== undefined)
    say(`The program could not be built (${why}); lifeboat runs from its sources, and starts slower.`);
}

/** Without it `lifeboat serve` does all it does, and has no pages. */
function buildWeb() {
  const wanted = webFingerprintOf(home);
  if (wanted === undefined || wanted === madeOfNow(home)) return;
  const why = failureOf('web.mjs');
  if (why !== undefined) say(`The web interface could not be built (${why}); lifeboat serve works without it.`);
}

/** Why a part could not be built; undefined: it was. */
function failureOf(script) {
  const node = [join(modules, '.bin', 'node'), process.execPath].find((file) => existsSync(file));
  const built = spawnSync(node, [join(home, 'scripts', 'build', script)], { encoding: 'utf8' });
  if (built.status === 0) return undefined;
  const said = built.stderr ?? '';
  return (built.error?.message ?? said.split('\n').find((line) => /error/i.test(line)) ?? said).trim();
}

/** The folder of the first installed package whose name starts so and that holds the file. */
function bundled(start, file) {
  if (!existsSync(modules)) return undefined;
  return readdirSync(modules).find((name) => name.startsWith(start) && existsSync(join(modules, name, file)));
}

/** Two set-ups in one checkout would write over each other: the second waits for the first. */
function oneAtATime(work) {
  const lock = join(home, '.cache', 'setup.lock');
  mkdirSync(dirname(lock), { recursive: true });
  for (let seconds = 0; !take(lock); seconds += 1) {
    if (seconds === 0) say('Another set-up is running in this checkout; waiting for it …');
    if (seconds > 600)
      throw new Missing(`another set-up holds ${lock} for ten minutes. Run: rm ${lock} && npm run setup`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
  }
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function take(lock) {
  try {
    const file = openSync(lock, 'wx');
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST')
      throw new Missing(`${lock} cannot be written (${error.code}). Run this as the owner of ${home}`);
    if (!holderIsGone(lock)) return false;
    rmSync(lock, { force: true });
    return take(lock);
  }
}

function holderIsGone(lock) {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    // An empty file was made this moment, its number is about to follow.
    if (pid === 0) return false;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH' || error.code === 'ENOENT';
  }
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Missing or half-written: both mean that the packages have to be installed.
    return undefined;
  }
}

function say(sentence) {
  process.stderr.write(`${sentence}\n`);
}
