import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemCodeOf } from '../../core/index.ts';

/**
 * Segments of a server's log that were stored before the server asked for them: each call of `archive_command` is a process of its own, which opens the
 * repository (a slow key derivation), so one call stores what else is ready. A note beside the journal says what was stored and where; the server is told "done" by
 * a note only for a file of the very same bytes. A note that is lost costs another push, and the same content again is fine.
 */
export class PushedAhead {
  readonly #folder: string;
  readonly #stores: readonly string[];

  /** `stores`: where the log goes now; a note of other stores says nothing. */
  constructor(stateFolder: string, asset: string, stores: readonly string[]) {
    this.#folder = join(stateFolder, 'pushed', asset);
    this.#stores = stores;
  }

  /** Whether this very file is durable in all stores already; the note goes. */
  async take(path: string): Promise<boolean> {
    const note = this.#noteOf(path);
    const said = await textOf(note);
    if (said === undefined) return false;
    await rm(note, { force: true });
    return said === (await this.#words(path));
  }

  /** Stores what else is ready, with `push`, until one fails: the server asks for that one itself, and hears why. */
  async store(path: string, filesMax: number, push: (file: string) => Promise<unknown>): Promise<void> {
    for (const file of (await readyBehind(path)).slice(0, filesMax)) {
      if ((await textOf(this.#noteOf(file))) !== undefined) continue;
      try {
        const words = await this.#words(file);
        await push(file);
        await mkdir(this.#folder, { recursive: true, mode: 0o700 });
        await writeFile(this.#noteOf(file), words, { mode: 0o600 });
      } catch {
        return; // see above
      }
    }
  }

  #noteOf(path: string): string {
    return join(this.#folder, basename(path));
  }

  async #words(path: string): Promise<string> {
    const hash = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    return JSON.stringify({ hash, stores: this.#stores });
  }
}

/** Complete segments that the server has marked as ready and not yet asked for, in the order of the log. */
async function readyBehind(path: string): Promise<string[]> {
  const [folder, own] = [dirname(path), basename(path)];
  if (!isSegment(own)) return [];
  try {
    const marks = await readdir(join(folder, 'archive_status'));
    const ready = marks.flatMap((mark) => (mark.endsWith('.ready') ? [mark.slice(0, -'.ready'.length)] : []));
    return ready
      .filter((name) => isSegment(name) && name.slice(0, 8) === own.slice(0, 8) && name > own)
      .toSorted()
      .map((name) => join(folder, name));
  } catch (error) {
    // Not in a server's own folder, or this user may not look: then nothing is stored ahead.
    if (systemCodeOf(error) === undefined) throw error;
    return [];
  }
}

const isSegment = (name: string): boolean => /^[0-9A-F]{24}$/.test(name);

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
