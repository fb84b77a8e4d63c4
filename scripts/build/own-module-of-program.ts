import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

// In the built program, in place of src/core/own-module.ts: what is loaded by name stands beside this, in dist/program/FINGERPRINT.

const here = dirname(fileURLToPath(import.meta.url));
const home = join(here, '..', '..', '..');

export const ownModule = (name: string): URL => new URL(`${name}.js`, import.meta.url);

export const loadOwnModule = (module: string): Promise<unknown> => import(module);

export const ownThread = (module: URL, options: WorkerOptions): Worker => new Worker(module, options);

export const ownProgram = (name: string): [string, ...string[]] => [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  join(here, `${name}.js`),
];

export const loadPackage = (name: string): unknown => createRequire(join(home, 'package.json'))(name);

export const ownFolder = (): string => home;

export const ownText = (name: string): string => readFileSync(join(home, name), 'utf8');
