import { createReadStream } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { LifeboatError, messageOf, systemCodeOf } from '../../../core/index.ts';
import type { WorkOptions } from '../../asset.ts';
import { stopIfAsked } from '../../stop.ts';
import type { KeeperContext } from '../keeper.ts';
import type { FilesOptions, Place, PlacedFile } from './place.ts';

export const folderShape = {
  folder: z.string().min(1).describe('Where the copies lie, one file each; relative to the plan file or absolute.'),
};

/** A folder of this machine; names are paths below it. */
export class FolderPlace implements Place {
  readonly description: string;
  readonly #context: KeeperContext;

  constructor(settings: { folder: string }, context: KeeperContext) {
    this.description = resolve(context.baseFolder, settings.folder);
    this.#context = context;
  }

  async identity(): Promise<string> {
    try {
      return `folder:${await realpath(this.description)}`;
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  async *files({ below = '', wanted = () => true, signal }: FilesOptions = {}): AsyncGenerator<PlacedFile, void, void> {
    for (const name of await this.#names(below)) {
      stopIfAsked(signal, `the listing of ${this.description}`);
      if (!wanted(name)) continue;
      const file = await stat(join(this.description, name)).catch((error: unknown) => {
        // Removed since it was listed: a rotation at work.
        if (systemCodeOf(error) === 'ENOENT') return undefined;
        throw this.#unreadable(error);
      });
      if (file?.isFile() === true) yield { name, bytes: file.size, modifiedMs: Math.floor(file.mtimeMs) };
    }
  }

  async #names(below: string): Promise<string[]> {
    try {
      const names = await readdir(join(this.description, below), { recursive: true });
      return names.map((name) => below + name);
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  async *read(name: string, { signal }: WorkOptions = {}): AsyncGenerator<Uint8Array, void, void> {
    const path = join(this.description, name);
    try {
      yield* createReadStream(path, { highWaterMark: 2 ** 20, ...(signal === undefined ? {} : { signal }) });
    } catch (error) {
      stopIfAsked(signal, `the reading of ${path}`);
      const code = systemCodeOf(error) === 'ENOENT' ? 'asset.vanished' : 'asset.unreadable';
      throw new LifeboatError(code, `${path} cannot be read: ${messageOf(error)}`, { where: path, cause: error });
    }
  }

  #unreadable(error: unknown): LifeboatError {
    const { name } = this.#context;
    return new LifeboatError('asset.unreadable', `the copies of ${name} cannot be listed: ${messageOf(error)}`, {
      where: this.description,
      ...(systemCodeOf(error) === 'ENOENT' ? { hint: 'Is the disk with the copies mounted here?' } : {}),
      cause: error,
    });
  }
}
