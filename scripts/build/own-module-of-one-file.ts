import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { getAsset, getRawAsset } from 'node:sea';
import { Worker, type WorkerOptions } from 'node:worker_threads';

// In the one-file program, in place of src/core/own-module.ts: every part stands inside the file under its name.

const nameOf = (name: string): string => name.replace(/^.*\//, '');

export const ownModule = (name: string): URL => new URL(`lifeboat:${nameOf(name)}`);

export function loadOwnModule(module: string): Promise<unknown> {
  switch (new URL(module).pathname) {
    case 'page-inspector':
      return import('../../src/assets/postgres/pages/page-inspector.ts');
    case 'log-inspector':
      return import('../../src/assets/postgres/beside/log-inspector.ts');
    default:
      return Promise.reject(new Error(`the one-file program has no module ${module}`));
  }
}

export const ownThread = (module: URL, options: WorkerOptions): Worker =>
  new Worker(getAsset(`${module.pathname}.js`, 'utf8'), { ...options, eval: true });

export const ownProgram = (name: string): [string, ...string[]] => [
  process.execPath,
  `--lifeboat-own-program=${nameOf(name)}`,
];

export function loadPackage(name: string): unknown {
  if (name.startsWith('koffi-')) return loadNative('koffi.node');
  if (name === 'cli-table3') return require('cli-table3');
  throw new Error(`the one-file program has no package ${name}`);
}

/** The system loads libraries from files only: this one is there for as long as that takes. */
function loadNative(asset: string): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-'));
  try {
    const file = join(folder, asset);
    writeFileSync(file, new Uint8Array(getRawAsset(asset) as ArrayBuffer), { mode: 0o700 });
    return createRequire(process.execPath)(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const ownFolder = (): string => dirname(process.execPath);

export const ownText = (name: string): string => getAsset(nameOf(name), 'utf8');
