import { createReadStream } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, matchesGlob, resolve } from 'node:path';
import { z } from 'zod';
import type { CheckResult } from '../../../checks/check.ts';
import { isoTime, LifeboatError, messageOf, systemCodeOf } from '../../../core/index.ts';
import { isTimezone } from '../../../plan/index.ts';
import type { OutsidePoint, SourceIdentity, WorkOptions } from '../../asset.ts';
import { stopIfAsked } from '../../stop.ts';
import type { KeptContent } from '../../outside.ts';
import type { Keeper, KeeperContext } from '../keeper.ts';
import { namedTimeMs } from '../named-time.ts';

export const folderSettings = z.strictObject({
  folder: z.string().min(1).describe('Where the copies lie, one file each; relative to the plan file or absolute.'),
  match: z.string().min(1).describe('Which files are copies: a pattern over their names, such as orders-*.sql.gz.'),
  times: z
    .enum(['modified', 'name'])
    .optional()
    .describe('What says when a copy was taken: the file’s modification time (default), or the date in its name.'),
  zone: z
    .string()
    .refine(isTimezone, 'This is no time zone, such as Europe/Berlin or UTC.')
    .optional()
    .describe('The time zone of the dates in names; UTC unless stated.'),
});

/** Endings of files that are still being written; a copy whose name merely holds one of these words is a copy. */
const unfinished = /\.(tmp|part|partial|incomplete|crdownload|filepart)$|~$/i;

/** One file for each copy, below one folder; names are paths relative to it. */
export class FolderKeeper implements Keeper {
  readonly #folder: string;
  readonly #settings: z.infer<typeof folderSettings>;
  readonly #context: KeeperContext;

  constructor(settings: z.infer<typeof folderSettings>, context: KeeperContext) {
    this.#folder = resolve(context.baseFolder, settings.folder);
    this.#settings = settings;
    this.#context = context;
  }

  async identify(): Promise<SourceIdentity> {
    try {
      return { id: `folder:${await realpath(this.#folder)}:${this.#settings.match}`, description: this.#place };
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  async list(options: WorkOptions = {}): Promise<OutsidePoint[]> {
    const found: OutsidePoint[] = [];
    for (const name of await this.#names()) {
      stopIfAsked(options.signal, `the listing of ${this.#place}`);
      const file = await stat(join(this.#folder, name)).catch((error: unknown) => {
        // Removed since it was listed: a rotation at work.
        if (systemCodeOf(error) === 'ENOENT') return undefined;
        throw this.#unreadable(error);
      });
      if (file === undefined || !file.isFile()) continue;
      found.push({
        id: name,
        atMs: this.#momentOf(name, file.mtimeMs),
        storedBytes: file.size,
        files: 1,
        keptIn: this.#place,
        kind: 'dump',
      });
    }
    return found.sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
  }

  async #names(): Promise<string[]> {
    try {
      const names = await readdir(this.#folder, { recursive: true });
      return names.filter((name) => matchesGlob(name, this.#settings.match) && !unfinished.test(name));
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  /** A name tells the start of the dump; a date that lies after the file's last change was meant otherwise. */
  #momentOf(name: string, modifiedMs: number): number {
    if (this.#settings.times !== 'name') return Math.floor(modifiedMs);
    const named = namedTimeMs(name, this.#settings.zone ?? 'UTC');
    return named === undefined ? Math.floor(modifiedMs) : Math.min(named, Math.floor(modifiedMs));
  }

  /** An empty file among the copies is what a dump that failed behind a pipe leaves. */
  async check(options: WorkOptions = {}): Promise<CheckResult[]> {
    const { clock } = this.#context;
    const startedMs = clock.elapsed();
    const copies = await this.list(options);
    const empty = copies.filter(({ storedBytes }) => storedBytes === 0).map(({ id }) => id);
    const newest = copies.at(-1);
    const future = copies.filter(({ atMs }) => atMs > clock.now() + 5 * 60_000).map(({ id }) => id);
    const result = (name: string, ok: boolean, observed: string, expected: string): CheckResult => ({
      name,
      ok,
      observed,
      expected,
      durationMs: clock.elapsed() - startedMs,
    });
    return [
      result(
        'there are copies',
        newest !== undefined,
        newest === undefined ? `none in ${this.#place}` : `${copies.length}, the newest of ${isoTime(newest.atMs)}`,
        'at least one',
      ),
      result(
        'no copy is empty',
        empty.length === 0,
        empty.length === 0 ? 'none' : empty.slice(0, 5).join(', '),
        'none',
      ),
      result(
        'no copy is of a time to come',
        future.length === 0,
        future.length === 0 ? 'none' : future.slice(0, 5).join(', '),
        'none',
      ),
    ];
  }

  async open(id: string): Promise<KeptContent> {
    if (!(await this.#names()).includes(id))
      throw new LifeboatError('point.missing', `${this.#place} has no copy ${id}`, { where: id });
    const path = join(this.#folder, id);
    return { id, kind: 'stream', name: id, read: () => bytesOf(path) };
  }

  get #place(): string {
    return `${this.#folder}/${this.#settings.match}`;
  }

  #unreadable(error: unknown): LifeboatError {
    const code = systemCodeOf(error);
    return new LifeboatError(
      'asset.unreadable',
      `the copies of ${this.#context.name} cannot be listed: ${messageOf(error)}`,
      {
        where: this.#folder,
        ...(code === 'ENOENT' ? { hint: 'Is the disk with the copies mounted here?' } : {}),
        cause: error,
      },
    );
  }
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* createReadStream(path, { highWaterMark: 2 ** 20 });
  } catch (error) {
    throw new LifeboatError('asset.unreadable', `${path} cannot be read: ${messageOf(error)}`, {
      where: path,
      cause: error,
    });
  }
}
