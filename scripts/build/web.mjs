// Makes the web interface that `lifeboat serve` gives out: dist/web, from src/web/ui. Nothing is done where it is made already of what
// stands there now. It is made beside the old one and takes its place by a rename: who serves has read the old one whole.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesIn, madeOfNow, webFingerprintOf } from './web-fingerprint.mjs';

const home = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const target = join(home, 'dist', 'web');

const madeOf = webFingerprintOf(home);
if (madeOf !== undefined && madeOf !== madeOfNow(home)) {
  const unfinished = join(home, 'dist', `.web-${process.pid}`);
  try {
    await bundle(unfinished);
    const files = filesIn(unfinished).map((path) => relative(unfinished, path));
    writeFileSync(join(unfinished, 'files.json'), `${JSON.stringify({ madeOf, files })}\n`);
    replace(unfinished);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

async function bundle(outDir) {
  // Late: who finds it made already does not wait for it.
  const { build } = await import('vite');
  mkdirSync(outDir, { recursive: true });
  // Whoever builds it, from a test for one: it is always the one for people.
  process.env.NODE_ENV = 'production';
  await build({
    root: join(home, 'src', 'web', 'ui'),
    configFile: false,
    envFile: false,
    publicDir: false,
    logLevel: 'error',
    // A policy of content without inline scripts, styles and pictures: everything is a file of ours.
    build: { outDir, emptyOutDir: true, target: 'es2024', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  });
}

/** Two at once make the same: who comes second finds it there. */
function replace(made) {
  const old = `${made}-old`;
  try {
    if (existsSync(target)) renameSync(target, old);
    renameSync(made, target);
  } catch (error) {
    if (madeOfNow(home) !== madeOf) throw error;
  } finally {
    rmSync(old, { recursive: true, force: true });
  }
}
