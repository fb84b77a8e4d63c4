// Makes the built program: what bin/lifeboat starts instead of a thousand source files, in a third of the time. A file for each command
// and each thread, in dist/program/FINGERPRINT, so that an edited source is never answered by an older program.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { fingerprintOf } from './fingerprint.mjs';
import { isWhole, makeDurable, makeRoomForUsers, removeIfUnused, wholeName } from './built.mjs';

const home = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const programs = join(home, 'dist', 'program');
/** A command that runs while another is built goes on loading from the one it began with. */
const keptMs = 3_600_000;
/** Loaded late and seldom, or not always there. */
const external = ['pg-native', 'cloudflare:sockets', 'pdfkit', '@aws-sdk/*', '@restatedev/*'];

const fingerprint = fingerprintOf(home);
const target = join(programs, String(fingerprint));
if (fingerprint !== undefined && !isWhole(target)) {
  const unfinished = join(programs, `.${fingerprint}-${process.pid}`);
  try {
    await bundle(unfinished);
    makeRoomForUsers(unfinished);
    // Last, and behind everything else on the disk: without it a folder is no program, whatever a power cut left of it.
    makeDurable(unfinished);
    writeFileSync(join(unfinished, wholeName), '', { flush: true });
    makeDurable(unfinished);
    handOver(unfinished);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  removeOld();
}

/** Of two set-ups at once one is first, and what it made is as good. */
function handOver(unfinished) {
  if (isWhole(target)) return;
  // What a power cut left in its place.
  rmSync(target, { recursive: true, force: true });
  try {
    renameSync(unfinished, target);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(error.code) || !isWhole(target)) throw error;
  }
  makeDurable(programs);
}

async function bundle(outdir) {
  mkdirSync(outdir, { recursive: true });
  await build({
    entryPoints: Object.fromEntries([['main', join(home, 'src', 'cli', 'main.ts')], ...loadedByName()]),
    outdir,
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    keepNames: true,
    legalComments: 'none',
    logLevel: 'error',
    external,
    // Packages that are CommonJS ask for Node's parts by `require`.
    banner: { js: "import{createRequire as requireOf}from'node:module';const require=requireOf(import.meta.url);" },
    plugins: [{ name: 'own-parts', setup: replaceOwnModule }],
  });
}

function replaceOwnModule({ onLoad }) {
  onLoad({ filter: /src\/core\/own-module\.ts$/ }, () => ({
    contents: readFileSync(join(home, 'scripts', 'build', 'own-module-of-program.ts'), 'utf8'),
    loader: 'ts',
  }));
}

/** Threads, and what they load: each is named where it is used. */
function loadedByName() {
  const sources = readdirSync(join(home, 'src'), { recursive: true })
    .filter((path) => path.endsWith('.ts') && !path.includes('.test.') && basename(path) !== 'own-module.ts')
    .map((path) => join(home, 'src', path));
  return sources.flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/\bown(?:Module|Program)\('\.\/([\w-]+)', import\.meta\.url\)/g)].map(
      ([, name]) => [name, join(dirname(path), `${name}.ts`)],
    ),
  );
}

function removeOld() {
  for (const name of readdirSync(programs)) {
    const path = join(programs, name);
    if (path !== target && isOld(path)) removeIfUnused(path);
  }
}

function isOld(path) {
  try {
    return Date.now() - statSync(path).mtimeMs > keptMs;
  } catch (error) {
    // Another set-up was faster.
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}
