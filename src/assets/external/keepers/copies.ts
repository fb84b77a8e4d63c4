import { matchesGlob } from 'node:path';
import { z } from 'zod';
import type { CheckResult } from '../../../checks/check.ts';
import { isoTime, LifeboatError, limits } from '../../../core/index.ts';
import { isTimezone } from '../../../plan/index.ts';
import type { OutsidePoint, SourceIdentity, WorkOptions } from '../../asset.ts';
import type { KeptContent } from '../../outside.ts';
import type { Keeper, KeeperContext } from '../keeper.ts';
import { namedTimeMs } from '../named-time.ts';
import type { Place, PlacedFile } from '../places/place.ts';

export const copiesShape = {
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
};

export interface CopiesSettings {
  readonly match: string;
  readonly times?: 'modified' | 'name' | undefined;
  readonly zone?: string | undefined;
}

/** Endings of files that are still being written; a copy whose name merely holds one of these words is a copy. */
const unfinished = /\.(tmp|part|partial|incomplete|crdownload|filepart)$|~$/i;

/** One file for each copy, in one place. */
export class CopiesKeeper implements Keeper {
  readonly #settings: CopiesSettings;
  readonly #place: Place;
  readonly #context: KeeperContext;

  constructor(settings: CopiesSettings, place: Place, context: KeeperContext) {
    this.#settings = settings;
    this.#place = place;
    this.#context = context;
  }

  async identify(options: WorkOptions = {}): Promise<SourceIdentity> {
    return { id: `${await this.#place.identity(options)}:${this.#settings.match}`, description: this.#keptIn };
  }

  async list(options: WorkOptions = {}): Promise<OutsidePoint[]> {
    return (await this.#files(options)).map((file) => ({
      id: file.name,
      atMs: this.#momentOf(file),
      storedBytes: file.bytes,
      files: 1,
      keptIn: this.#keptIn,
      kind: 'dump',
    }));
  }

  /** Oldest first. */
  async #files({ signal }: WorkOptions): Promise<PlacedFile[]> {
    const wanted = (name: string): boolean => matchesGlob(name, this.#settings.match) && !unfinished.test(name);
    const found = await Array.fromAsync(this.#place.files({ wanted, ...(signal === undefined ? {} : { signal }) }));
    return found.sort((a, b) => this.#momentOf(a) - this.#momentOf(b) || (a.name < b.name ? -1 : 1));
  }

  /** A name tells the start of the dump; a date that lies after the file's last change was meant otherwise. */
  #momentOf({ name, modifiedMs }: PlacedFile): number {
    if (this.#settings.times !== 'name') return modifiedMs;
    const named = namedTimeMs(name, this.#settings.zone ?? 'UTC');
    return named === undefined ? modifiedMs : Math.min(named, modifiedMs);
  }

  /** An empty file among the copies is what a dump that failed behind a pipe leaves. */
  async check(options: WorkOptions = {}): Promise<CheckResult[]> {
    const { clock } = this.#context;
    const startedMs = clock.elapsed();
    const copies = await this.#files(options);
    const newest = copies.at(-1);
    const none = (name: string, wrong: readonly PlacedFile[]): CheckResult =>
      result(name, wrong.length === 0, wrong.length === 0 ? 'none' : namesOf(wrong), 'none');
    const result = (name: string, ok: boolean, observed: string, expected: string): CheckResult => ({
      name,
      ok,
      observed,
      expected,
      durationMs: clock.elapsed() - startedMs,
    });
    const results = [
      result(
        'there are copies',
        newest !== undefined,
        newest === undefined
          ? `none in ${this.#keptIn}`
          : `${copies.length}, the newest of ${isoTime(this.#momentOf(newest))}`,
        'at least one',
      ),
      none(
        'no copy is empty',
        copies.filter(({ bytes }) => bytes === 0),
      ),
      none(
        'no copy is of a time to come',
        copies.filter((file) => this.#momentOf(file) > clock.now() + limits.clockToleranceMs),
      ),
    ];
    const frozenIn = newest?.frozenIn;
    if (frozenIn === undefined) return results;
    const words = `${newest?.name} is frozen in the class ${frozenIn}`;
    return [...results, result('the newest copy can be read at once', false, words, 'not frozen')];
  }

  async open(id: string, { signal }: WorkOptions = {}): Promise<KeptContent> {
    const options = signal === undefined ? {} : { signal };
    if (!(await this.#files(options)).some(({ name }) => name === id))
      throw new LifeboatError('point.missing', `${this.#keptIn} has no copy ${id}`, { where: id });
    return { id, kind: 'stream', name: id, read: () => this.#place.read(id, options) };
  }

  get #keptIn(): string {
    return `${this.#place.description}/${this.#settings.match}`;
  }
}

const namesOf = (files: readonly PlacedFile[]): string =>
  files
    .slice(0, 5)
    .map(({ name }) => name)
    .join(', ');
