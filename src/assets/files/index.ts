import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { runCheck, type CheckResult } from '../../checks/index.ts';
import { formatBytes, LifeboatError, messageOf, systemCodeOf } from '../../core/index.ts';
import type { Asset, AssetContext, AssetKind, CaptureFacts, CheckTarget, Newest, SourceIdentity } from '../asset.ts';
import type { Entry } from '../entry.ts';
import { walk, type Skipped } from './walk.ts';

export interface FilesSettings {
  readonly path: string;
  readonly exclude?: readonly string[] | undefined;
}

export const filesKind: AssetKind<FilesSettings> = {
  type: 'files',
  schema: z.strictObject({
    path: z.string().min(1).describe('The folder, relative to the plan file or absolute.'),
    exclude: z.array(z.string()).optional().describe('Patterns such as **/*.tmp, relative to the folder.'),
  }),
  open: (name, settings, context) => new FilesAsset(name, settings, context),
};

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
    const first = await walk(this.#root, this.#exclude, () => {}).next();
    if (first.done) throw new LifeboatError('asset.unreadable', `${this.#root} cannot be read`);
    return { id: `files:${this.#root}`, description: `folder ${this.#root}` };
  }

  async *capture(options: Parameters<Asset['capture']>[0]): AsyncGenerator<Entry, CaptureFacts, void> {
    // Whatever was written before the walk began is in the point; what is written during it may be.
    const atMs = this.#context.clock.now();
    const skipped: Skipped[] = [];
    let bytes = 0;
    for await (const found of walk(this.#root, this.#exclude, (item) => skipped.push(item))) {
      options.signal?.throwIfAborted();
      bytes += found.bytes;
      const { header, file } = found;
      yield header.type === 'file' && found.bytes > 0 ? { ...header, content: { kind: 'file', path: file } } : header;
    }
    const source = { id: `files:${this.#root}`, description: `folder ${this.#root}, ${formatBytes(bytes)}`, bytes };
    const warnings = skipped.map(({ path, what }) => `${path} is ${what} and was left out`);
    return { atMs, kind: 'tree', source, facts: {}, warnings };
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
    await mkdir(staging, { mode: 0o700 });
    await point.writeTree(staging, options.signal === undefined ? {} : { signal: options.signal });
  }

  async start(path: string) {
    return { path, url: path, shownUrl: path, stop: async () => {} };
  }

  async check(...[of, declared, options]: Parameters<Asset['check']>): Promise<CheckResult[]> {
    const { clock, baseFolder, checkKinds } = this.#context;
    const root = this.#rootOf(of);
    const own = await this.#everythingReadable(root);
    const context = { clock, baseFolder, root, ...options };
    return [own, ...(await Promise.all(declared.map((spec) => runCheck(spec, checkKinds, context))))];
  }

  /** The newest modification; the token is a hash over names, sizes and times. */
  async newest(of: CheckTarget): Promise<Newest> {
    const hash = createHash('sha256');
    let newestNs = 0n;
    let count = 0;
    for await (const { header, bytes } of walk(this.#rootOf(of), this.#exclude, () => {})) {
      if (header.type !== 'file') continue;
      count += 1;
      if (header.modifiedNs > newestNs) newestNs = header.modifiedNs;
      hash.update(`${header.path}\0${bytes}\0${header.modifiedNs}\n`);
    }
    return { token: hash.digest('hex'), count, ...(count === 0 ? {} : { atMs: Number(newestNs / 1_000_000n) }) };
  }

  async #everythingReadable(root: string): Promise<CheckResult> {
    const { clock } = this.#context;
    const startedMs = clock.elapsed();
    const result = { name: 'every file is there and can be listed', expected: 'all listed' };
    try {
      let [files, bytes] = [0, 0];
      for await (const found of walk(root, [], () => {})) {
        files += found.header.type === 'file' ? 1 : 0;
        bytes += found.bytes;
      }
      return {
        ...result,
        ok: true,
        observed: `${files} files, ${formatBytes(bytes)}`,
        durationMs: clock.elapsed() - startedMs,
      };
    } catch (error) {
      return { ...result, ok: false, observed: messageOf(error), durationMs: clock.elapsed() - startedMs };
    }
  }

  #rootOf(of: CheckTarget): string {
    return of === 'source' ? this.#root : join(of.url);
  }
}
