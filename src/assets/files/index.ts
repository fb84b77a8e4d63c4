import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { runCheck, type CheckResult } from '../../checks/index.ts';
import { formatBytes, LifeboatError, messageOf, systemCodeOf } from '../../core/index.ts';
import type {
  Asset,
  AssetContext,
  AssetKind,
  CaptureFacts,
  CheckTarget,
  Newest,
  RestoredCopy,
  SourceIdentity,
  WorkOptions,
} from '../asset.ts';
import type { Entry } from '../entry.ts';
import { stopIfAsked } from '../stop.ts';
import { rootUnreadable, unreadable } from './errors.ts';
import { walk, type Found, type Skipped } from './walk.ts';

export interface FilesSettings {
  readonly path: string;
  readonly exclude?: readonly string[] | undefined;
}

export const filesKind: AssetKind<FilesSettings> = {
  type: 'files',
  schema: z.strictObject({
    path: z.string().min(1).describe('The folder, relative to the plan file or absolute.'),
    exclude: z
      .array(z.string().min(1))
      .optional()
      .describe('Patterns such as **/*.tmp, relative to the folder. A star does not match a leading dot.'),
  }),
  open: (name, settings, context) => new FilesAsset(name, settings, context),
};

/** Sentences that a point keeps about what is not in it; the rest is counted. */
const warningsMax = 20;

class FilesAsset implements Asset {
  readonly type = 'files';
  readonly name: string;
  readonly #root: string;
  readonly #exclude: readonly string[];
  readonly #context: AssetContext;

  constructor(name: string, { path, exclude }: FilesSettings, context: AssetContext) {
    this.name = name;
    this.#root = resolve(context.baseFolder, path);
    this.#exclude = exclude ?? [];
    this.#context = context;
  }

  /** Names the folder and does not count it: walking a million files twice would double the cost of a backup. */
  async identify(): Promise<SourceIdentity> {
    try {
      if (!(await lstat(`${this.#root}/`)).isDirectory()) throw rootUnreadable(this.#root, 'it is no folder');
    } catch (error) {
      if (error instanceof LifeboatError) throw error;
      throw rootUnreadable(this.#root, messageOf(error), error);
    }
    return { id: `files:${this.#root}`, description: `folder ${this.#root}` };
  }

  async *capture(options: Parameters<Asset['capture']>[0]): AsyncGenerator<Entry, CaptureFacts, void> {
    stopIfAsked(options.signal, `the work on ${this.name}`);
    // Whatever was written before the walk began is in the point; what is written during it may be.
    const atMs = this.#context.clock.now();
    const skipped: Skipped[] = [];
    const newest = new NewestFile();
    let bytes = 0;
    let skippedCount = 0;
    const onSkipped = (item: Skipped): void => {
      skippedCount += 1;
      if (skipped.length < warningsMax) skipped.push(item);
    };
    for await (const item of walk(this.#root, { exclude: this.#exclude, onSkipped })) {
      stopIfAsked(options.signal, `the work on ${this.name}`);
      bytes += item.bytes;
      newest.add(item);
      // An empty file is handed over too: it may have grown, or be one that this user cannot read.
      yield item.header.type === 'file'
        ? { ...item.header, content: { kind: 'file', path: item.file, mayVanish: true } }
        : item.header;
    }
    const source = { id: `files:${this.#root}`, description: `folder ${this.#root}, ${formatBytes(bytes)}`, bytes };
    return {
      atMs,
      kind: 'tree',
      source,
      facts: {},
      newest: newest.answer(),
      warnings: sentencesOf(skipped, skippedCount),
    };
  }

  async obstacles(target: string): Promise<string[]> {
    try {
      const empty = (await lstat(target)).isDirectory() && (await readdir(target)).length === 0;
      return empty ? [] : [target];
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return [];
      throw new LifeboatError('restore.target_unusable', `${target} cannot be looked at: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  async apply(...[point, staging, options]: Parameters<Asset['apply']>): Promise<void> {
    stopIfAsked(options.signal, `the work on ${this.name}`);
    await mkdir(staging, { mode: 0o700 });
    await point.writeTree(staging, options.signal === undefined ? {} : { signal: options.signal });
  }

  async start(...[path, options]: Parameters<Asset['start']>): Promise<RestoredCopy> {
    stopIfAsked(options.signal, `the work on ${this.name}`);
    const there = await lstat(path).catch((error: unknown) => error);
    if (there instanceof Error || !(there as { isDirectory(): boolean }).isDirectory()) {
      throw new LifeboatError('asset.start_failed', `the restored folder ${path} is not there`, { cause: there });
    }
    return { path, url: path, shownUrl: path, stop: async () => {} };
  }

  async check(...[of, declared, options]: Parameters<Asset['check']>): Promise<CheckResult[]> {
    const { clock, baseFolder, checkKinds } = this.#context;
    const root = this.#rootOf(of);
    const own = await this.#everythingReadable(root, options);
    const context = { clock, baseFolder, root, ...options };
    return [own, ...(await Promise.all(declared.map((spec) => runCheck(spec, checkKinds, context))))];
  }

  /** The newest modification and the number of files; the token is a hash over names, sizes and times. */
  async newest(...[of, options]: Parameters<Asset['newest']>): Promise<Newest> {
    stopIfAsked(options?.signal, `the work on ${this.name}`);
    const newest = new NewestFile();
    for await (const item of walk(this.#rootOf(of), { exclude: this.#exclude })) {
      stopIfAsked(options?.signal, `the work on ${this.name}`);
      newest.add(item);
    }
    return newest.answer();
  }

  /** Opens every file: a name that is listed may still refuse to be read. */
  async #everythingReadable(root: string, options: WorkOptions = {}): Promise<CheckResult> {
    const { clock } = this.#context;
    const startedMs = clock.elapsed();
    const result = (ok: boolean, observed: string): CheckResult => ({
      name: 'every file can be read',
      ok,
      observed,
      expected: 'all of them',
      durationMs: clock.elapsed() - startedMs,
    });
    try {
      let [files, bytes] = [0, 0];
      for await (const item of walk(root, { exclude: this.#exclude })) {
        stopIfAsked(options.signal, `the work on ${this.name}`);
        if (item.header.type !== 'file') continue;
        await openOnce(item.file);
        files += 1;
        bytes += item.bytes;
      }
      return result(true, `${files} files, ${formatBytes(bytes)}`);
    } catch (error) {
      return result(false, messageOf(error));
    }
  }

  #rootOf(of: CheckTarget): string {
    return of === 'source' ? this.#root : resolve(of.url);
  }
}

class NewestFile {
  readonly #hash = createHash('sha256');
  #newestNs = 0n;
  #count = 0;

  add({ header, bytes }: Found): void {
    if (header.type === 'folder') return;
    // JSON, because a name may hold any character that could part it from its neighbours.
    // Microseconds: Node sets times no finer, so that a restored file would differ from its source.
    const time = header.type === 'file' ? String(header.modifiedNs / 1000n) : '';
    this.#hash.update(JSON.stringify([header.path, header.target ?? null, bytes, time]));
    if (header.type !== 'file') return;
    this.#count += 1;
    if (header.modifiedNs > this.#newestNs) this.#newestNs = header.modifiedNs;
  }

  answer(): Newest {
    const atMs = this.#count === 0 ? {} : { atMs: Number(this.#newestNs / 1_000_000n) };
    return { token: this.#hash.digest('hex'), count: this.#count, ...atMs };
  }
}

async function openOnce(file: string): Promise<void> {
  try {
    // Without O_NONBLOCK a pipe that took the place of the file would hang the check.
    await (await open(file, constants.O_RDONLY | constants.O_NONBLOCK)).close();
  } catch (error) {
    throw unreadable(error, file);
  }
}

function sentencesOf(skipped: readonly Skipped[], count: number): string[] {
  const told = skipped.map(({ path, what }) => `${path} ${what}`);
  return count === told.length ? told : [...told, `${count - told.length} more were left out`];
}
