import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder, systemCodeOf } from '../../core/index.ts';
import type { Root } from './root.ts';
import { removeAbandoned } from './temporary.ts';

/** The folders of a store that are known to exist and to be durable, so that a thousand objects do not sync a thousand folders. */
export class Folders {
  readonly #root: Root;
  readonly #known = new Map<string, Promise<void>>();
  readonly #syncing = new Map<string, Promise<void>>();
  readonly #nextSync = new Map<string, Promise<void>>();
  #cleaned: Promise<void> | undefined;

  constructor(root: Root) {
    this.#root = root;
  }

  /** Makes the folder and those above it, inside the root. */
  make(path: string): Promise<void> {
    if (path === this.#root.path) return Promise.resolve();
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const made = this.#makeDurably(path);
    this.#known.set(path, made);
    made.catch(() => this.#known.delete(path));
    return made;
  }

  /** The folder of unfinished writes; before the first write it is cleared of what dead processes left there. */
  async temporary(): Promise<string> {
    const path = join(this.#root.path, 'tmp');
    await this.make(path);
    await (this.#cleaned ??= removeAbandoned(path));
    return path;
  }

  /**
   * Makes the names in a folder durable as they are now. Who asks while a sync is under way shares the next one with all who ask until it
   * begins: a prune removes thousands of names from few folders.
   */
  sync(path: string): Promise<void> {
    const next = this.#nextSync.get(path);
    if (next !== undefined) return next;
    const running = this.#syncing.get(path);
    if (running === undefined) return this.#startSync(path);
    const begin = (): Promise<void> => {
      this.#nextSync.delete(path);
      return this.#startSync(path);
    };
    // An error of that sync is told to those who waited for it.
    const shared = running.then(begin, begin);
    this.#nextSync.set(path, shared);
    return shared;
  }

  #startSync(path: string): Promise<void> {
    const work = syncFolder(path).finally(() => {
      if (this.#syncing.get(path) === work) this.#syncing.delete(path);
    });
    this.#syncing.set(path, work);
    return work;
  }

  /** Somebody removed folders: they are made anew when next needed. */
  forget(): void {
    this.#known.clear();
    this.#cleaned = undefined;
  }

  async #makeDurably(path: string): Promise<void> {
    await this.make(dirname(path));
    try {
      await mkdir(path);
    } catch (error) {
      if (systemCodeOf(error) !== 'EEXIST') throw error;
    }
    // Also for a folder that was there: who made it may have crashed, or not yet have come to this line.
    await syncFolder(dirname(path));
  }
}
