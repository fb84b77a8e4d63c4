// Makes the one-file program: dist/lifeboat, which needs no Node, no npm and no folder of its own. Node's single executable: the
// program bundled by esbuild, the code of its threads and its native parts as assets, injected into a copy of Node itself.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { inject } from 'postject';

// The Node that builds is the Node that the program is: an older one would build well and run badly.
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`this is Node ${process.versions.node}; build with Node 24: npm run build\n`);
  process.exit(1);
}

const home = dirname(dirname(fileURLToPath(import.meta.url)));
const target = process.argv[2] ?? join(home, 'dist', 'lifeboat');
const work = `${target}.work`;
const started = performance.now();

/** Parts that find each other by name do so in another way inside one file. */
const ownParts = {
  name: 'own-parts',
  setup({ onLoad }) {
    onLoad({ filter: /src\/core\/own-module\.ts$/ }, () => ({
      contents: readFileSync(join(home, 'scripts', 'build', 'own-module-of-one-file.ts'), 'utf8'),
      loader: 'ts',
      resolveDir: join(home, 'scripts', 'build'),
    }));
    // Its fonts are named by a subpath that only its own folder explains; said in full, they come along.
    onLoad({ filter: /pdfkit\/js\/pdfkit[^/]*\.m?js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const contents = text
        .replace(/^const require(\$1)? = (module\$1\.)?createRequire\(.*\);$/m, '')
        .replaceAll(/require\$?1?\('#standard-fonts\//g, "require('#standard-fonts/");
      if (contents === text) throw new Error(`${path} names its fonts in another way than it did`);
      return { contents, loader: 'js' };
    });
  },
};

rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
try {
  const program = join(work, 'program.js');
  await bundle('scripts/build/entry.ts', program);
  const assets = {
    ...(await threads(
      'src/repository/pool/worker.ts',
      'src/repository/logs/sealing/log-worker.ts',
      'src/assets/sqlite/asked.ts',
    )),
    'package.json': join(home, 'package.json'),
    'shop.yaml': join(home, 'examples', 'shop.yaml'),
    ...webFiles(),
    ...nativeParts(),
  };
  await assemble(program, assets);
} finally {
  rmSync(work, { recursive: true, force: true });
}
const seconds = ((performance.now() - started) / 1000).toFixed(1);
process.stdout.write(`${target}: ${(statSync(target).size / 2 ** 20).toFixed(0)} MiB, made in ${seconds} s\n`);

/** CommonJS, because a single executable of Node 24 begins with that; what is imported late is evaluated late. */
function bundle(entry, outfile) {
  return build({
    entryPoints: [join(home, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minify: true,
    keepNames: true,
    legalComments: 'none',
    logLevel: 'error',
    external: ['pg-native', 'cloudflare:sockets', 'node:*'],
    define: { 'import.meta.url': 'ownUrl', 'import.meta.dirname': 'ownFolder' },
    banner: {
      js: "const ownUrl=require('node:url').pathToFileURL(process.execPath).href,ownFolder=require('node:path').dirname(process.execPath);",
    },
    plugins: [ownParts],
  });
}

/** What runs in a thread is a program of its own. */
async function threads(...entries) {
  const made = entries.map((entry) => [
    `${basename(entry, '.ts')}.js`,
    join(work, `${basename(entry, '.ts')}.js`),
    entry,
  ]);
  for (const [, file, entry] of made) await bundle(entry, file);
  return Object.fromEntries(made.map(([name, file]) => [name, file]));
}

/** The pages of `lifeboat serve`, each under its name. */
function webFiles() {
  const folder = join(home, 'dist', 'web');
  const list = join(folder, 'files.json');
  if (!existsSync(list)) return {};
  const { files } = JSON.parse(readFileSync(list, 'utf8'));
  return Object.fromEntries(['files.json', ...files].map((name) => [basename(name), join(folder, name)]));
}

/** Without it extended attributes, holes and exact times are not restored, and a restore says so. */
function nativeParts() {
  const koffi = join(home, 'node_modules', `koffi-linux-${process.arch}`, `linux_${process.arch}`, 'koffi.node');
  return existsSync(koffi) ? { 'koffi.node': koffi } : {};
}

async function assemble(main, assets) {
  const [blob, config] = [join(work, 'blob'), join(work, 'config.json')];
  // As in bin/lifeboat: new objects get 8 MiB.
  const execArgv = ['--max-semi-space-size=8'];
  const settings = { main, output: blob, disableExperimentalSEAWarning: true, useCodeCache: true, execArgv, assets };
  writeFileSync(config, JSON.stringify(settings));
  const node = process.execPath;
  const made = spawnSync(node, ['--experimental-sea-config', config], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`Node makes no blob: ${made.stderr}`);
  rmSync(target, { force: true });
  copyFileSync(node, `${target}.new`);
  chmodSync(`${target}.new`, 0o755);
  await inject(`${target}.new`, 'NODE_SEA_BLOB', readFileSync(blob), {
    sentinelFuse: 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2',
  });
  copyFileSync(`${target}.new`, target);
  rmSync(`${target}.new`);
}
