import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endGroup } from '../../src/core/index.ts';
import { run, type RunOptions, type Stopwatch } from '../measure.ts';
import type { PostgresRepository, PostgresSource, PostgresTool, TreeTool } from '../tool.ts';

/** As people run it: a whole process of bin/lifeboat for each command, a passphrase, checks as the plan of an asset has them. */
export const program = join(import.meta.dirname, '..', '..', 'bin', 'lifeboat');

/** A restored server that is asked to end writes a checkpoint first. */
const shutdownMs = 60_000;

export const lifeboat: PostgresTool = {
  name: 'lifeboat',
  prepare: (folder, source) => database(folder, source, {}, true),
};

/** As it works where it does not run beside the server; it is restored in the same way. */
export const lifeboatByReplication: PostgresTool = {
  name: 'lifeboat by replication',
  prepare: (folder, source) => database(folder, source, { via: 'connection' }, false),
};

/** By dumps: beside pg_dump, and as slow to restore. */
export const lifeboatLogical: PostgresTool = {
  name: 'lifeboat logical',
  onlyOnce: true,
  prepare: (folder, source) => database(folder, source, { method: 'logical' }, false),
};

async function database(
  folder: string,
  source: PostgresSource,
  more: object,
  takesChanges: boolean,
): Promise<PostgresRepository> {
  const asset = { type: 'postgres', url: { env: 'SOURCE_URL' }, ...more };
  const call = await workspace(folder, asset, source.signal, source.url);
  return {
    folder: call.store,
    takesChanges,
    backup: async (stopwatch) => void (await call(stopwatch, ['backup', 'data'])),
    verify: async (stopwatch) => {
      const { checked } = await call(stopwatch, ['verify', '--all']);
      return (checked as Record<string, { plainBytes: number }>)['near']?.plainBytes;
    },
    restore: async (stopwatch, target) => {
      const { url, pid } = await call(stopwatch, ['restore', 'data', '--to', target, '--start']);
      const port = new URL(String(url)).port;
      return {
        url: source.url.replace(`:${source.port}/`, `:${port}/`),
        stop: () => endGroup(Number(pid), shutdownMs, 'SIGINT'),
      };
    },
  };
}

export const lifeboatFiles = treeTool('files', (target) => join(target, 'copy'));
export const lifeboatSqlite = treeTool('sqlite', (target) => join(target, 'data.db'));

function treeTool(type: 'files' | 'sqlite', placeIn: (target: string) => string): TreeTool {
  return {
    name: 'lifeboat',
    prepare: async (folder, source, signal) => {
      const call = await workspace(folder, { type, path: source }, signal);
      return {
        folder: call.store,
        backup: async (stopwatch) => void (await call(stopwatch, ['backup', 'data'])),
        verify: async (stopwatch) => void (await call(stopwatch, ['verify', '--all'])),
        restore: async (stopwatch, target) => {
          await call(stopwatch, ['restore', 'data', '--to', placeIn(target)]);
          return placeIn(target);
        },
      };
    },
  };
}

/** A plan with one asset and one store, made ready. What it returns runs a command in it and gives its `--json`. */
async function workspace(folder: string, asset: object, signal: AbortSignal, url = '') {
  const store = join(folder, 'store');
  const plan = {
    lifeboat: 1,
    plan: 'bench',
    keys: { main: { passphrase: { env: 'LIFEBOAT_PASSPHRASE' }, domain: 'safe' } },
    stores: { near: { type: 'fs', path: store, domain: 'safe' } },
    assets: { data: asset },
  };
  await mkdir(folder, { recursive: true });
  // JSON is YAML.
  await writeFile(join(folder, 'lifeboat.yaml'), JSON.stringify(plan, undefined, 2));
  const options: RunOptions = {
    cwd: folder,
    env: { LIFEBOAT_PASSPHRASE: 'correct horse battery staple', ...(url === '' ? {} : { SOURCE_URL: url }) },
  };
  await run([program, 'store', 'init'], signal, options);
  const call = async (stopwatch: Stopwatch, words: readonly string[]): Promise<Record<string, unknown>> =>
    JSON.parse(await stopwatch.run([program, ...words, '--json'], options)) as Record<string, unknown>;
  return Object.assign(call, { store });
}
