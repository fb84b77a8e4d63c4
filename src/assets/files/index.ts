import { closeSync, constants, openSync } from 'node:fs';
import { lstat, mkdir, readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { runCheck, type CheckResult } from '../../checks/index.ts';
import {
  formatBytes,
  LifeboatError,
  messageOf,
  shownName,
  systemCallsPackage,
  systemCodeOf,
  systemPath,
} from '../../core/index.ts';
import type {
  Asset,
  AssetContext,
  AssetKind,
  CaptureFacts,
  CheckTarget,
  Newest,
  RestoredCopy,
  SourceIdentity,
  Survey,
  WorkOptions,
} from '../asset.ts';
import type { Entry } from '../entry.ts';
import { stopIfAsked } from '../stop.ts';
import { AttributeReader } from './attributes.ts';
import { rootUnreadable, unreadable } from './errors.ts';
import { matcherOf } from './glob.ts';
import { HardLinks } from './header.ts';
import { NewestFile } from './newest.ts';
import { Notices } from './notices.ts';
import { surveyTree } from './survey.ts';
import { walk, type Found, type WalkOptions } from './walk.ts';

export { filesForm } from './outside.ts';

export interface FilesSettings {
  readonly path: string;
  readonly exclude?: readonly string[] | undefined;
  readonly excludeCaches?: boolean | undefined;
  readonly oneFileSystem?: boolean | undefined;
  readonly reread?: 'changed' | 'times' | 'everything' | undefined;
}

export const filesKind: AssetKind<FilesSettings> = {
  type: 'files',
  schema: z.strictObject({
    path: z.string().min(1).describe('The folder, relative to the plan file or absolute.'),
    exclude: z
      .array(z.string().min(1).refine(isPattern, 'This is no pattern: a range such as [z-a] is empty.'))
      .optional()
      .describe('Patterns such as **/*.tmp over paths relative to the folder. A star matches leading dots, too.'),
    excludeCaches: z
      .boolean()
      .optional()
      .describe('Leave out what is in folders that are marked as caches by a CACHEDIR.TAG. Default: false.'),
    oneFileSystem: z
      .boolean()
      .optional()
      .describe(
        'Leave out what is in other file systems mounted in the folder. Unsaid: taken in, with a note in the point.',
      ),
    reread: z
      .enum(['changed', 'times', 'everything'])
      .optional()
      .describe(
        'Which files are read again: those whose size, times, inode or device changed (default); those whose size or times changed, for file servers that number files anew at each mount; all.',
      ),
  }),
  open: (name, settings, context) => new FilesAsset(name, settings, context),
};

function isPattern(pattern: string): boolean {
  try {
    matcherOf([pattern]);
    return true;
  } catch {
    // The plan says where it stands; the schema says what is wrong.
    return false;
  }
}

class FilesAsset implements Asset {
  readonly type = 'files';
  readonly name: string;
  readonly #root: string;
  readonly #reread: FilesSettings['reread'];
  /** What every walk over the tree, or a copy of it, leaves out. */
  readonly #walk: WalkOptions;
  readonly #context: AssetContext;

  constructor(name: string, settings: FilesSettings, context: AssetContext) {
    const { path, exclude = [], excludeCaches = false, oneFileSystem, reread } = settings;
    this.name = name;
    this.#root = resolve(context.baseFolder, path);
    this.#reread = reread;
    this.#walk = { clock: context.clock, excludes: matcherOf(exclude), excludeCaches, oneFileSystem };
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

  survey(options: WorkOptions = {}): Promise<Survey> {
    return surveyTree(this.#root, this.#walk, options.signal);
  }

  async *capture(options: Parameters<Asset['capture']>[0]): AsyncGenerator<Entry, CaptureFacts, void> {
    stopIfAsked(options.signal, `the work on ${this.name}`);
    // Whatever was written before the walk began is in the point; what is written during it may be.
    const atMs = this.#context.clock.now();
    const notices = new Notices();
    const attributes = new AttributeReader((path, what) => notices.add({ path, what }));
    if (!attributes.works)
      notices.addSentence(`extended attributes and access lists need ${systemCallsPackage}, and are not kept`);
    const newest = new NewestFile();
    let bytes = 0;
    const walkOptions: WalkOptions = {
      ...this.#walk,
      notice: (noticed) => notices.add(noticed),
      attributes,
      names: new HardLinks(),
      stableNumbers: this.#reread !== 'times',
    };
    for await (const item of walk(this.#root, walkOptions)) {
      stopIfAsked(options.signal, `the work on ${this.name}`);
      bytes += item.header.type === 'file' ? item.bytes : 0;
      newest.add(item);
      yield this.#entryOf(item);
    }
    const source = { id: `files:${this.#root}`, description: `folder ${this.#root}, ${formatBytes(bytes)}`, bytes };
    return { atMs, kind: 'tree', source, facts: {}, newest: newest.answer(), warnings: notices.sentences() };
  }

  /** An empty file has content, too: it may have grown, or be one that this user cannot read. */
  #entryOf({ header, file, bytes }: Found): Entry {
    if (header.type !== 'file' && header.type !== 'hardlink') return header;
    const content = { kind: 'file', path: file, mayVanish: true, noFollow: true } as const;
    const entry = { ...header, content, bytesExpected: bytes };
    return this.#reread === 'everything' ? { ...entry, reread: true } : entry;
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
    const { warnings } = await point.writeTree(staging, options.signal === undefined ? {} : { signal: options.signal });
    for (const warning of warnings) options.warn?.(warning);
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
    for await (const item of walk(this.#rootOf(of), { ...this.#walk, names: new HardLinks() })) {
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
      for await (const item of walk(root, this.#walk)) {
        stopIfAsked(options.signal, `the work on ${this.name}`);
        if (item.header.type !== 'file') continue;
        openOnce(item.file);
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

function openOnce(file: string): void {
  try {
    // Without O_NONBLOCK a pipe that took the place of the file would hang the check.
    closeSync(openSync(systemPath(file), constants.O_RDONLY | constants.O_NONBLOCK));
  } catch (error) {
    throw unreadable(error, shownName(file));
  }
}
