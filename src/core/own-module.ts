import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

// The one place that knows how the parts of this program find each other by name. The built program has another in its stead
// (scripts/build/own-module-of-program.ts), and so has the one-file program, where everything stands inside the file
// (scripts/build/own-module-of-one-file.ts).

/**
 * The URL of a module of ours that is loaded by name, in another thread for one: `./worker` beside `base` (an `import.meta.url`).
 */
export const ownModule = (name: string, base: string): URL => new URL(`${name}.ts`, base);

/** Loads a module of ours by the URL that `ownModule` gave. */
export const loadOwnModule = (module: string): Promise<unknown> => import(module);

/** A thread that runs such a module. */
export const ownThread = (module: URL, options: WorkerOptions): Worker => new Worker(module, options);

/** The words that start such a module as a process of its own. */
export const ownProgram = (name: string, base: string): [string, ...string[]] => [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  fileURLToPath(ownModule(name, base)),
];

/** An npm package that is loaded late, or may be missing: then it throws. */
export const loadPackage = (name: string, base: string): unknown => createRequire(base)(name);

/** The folder of the package, for a module three folders below it. */
export const ownFolder = (base: string): string => fileURLToPath(new URL('../../..', base));

/** A file of the package, `examples/shop.yaml`, for a module two folders below it. */
export const ownText = (name: string, base: string): string => readFileSync(new URL(`../../${name}`, base), 'utf8');
