import { createReadStream } from 'node:fs';
import { link, lstat, open, rm, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  chance,
  filtered,
  LifeboatError,
  mustSucceed,
  shellWord,
  syncFolder,
  systemCodeOf,
} from '../../../core/index.ts';
import type { TableChange, TableFigures, TableNeeds, TableResult } from '../../tables.ts';
import { ArchiveReader, clientEnvironment, type ClientPrograms } from '../logical/index.ts';
import { choiceWords, leavePublicAsItIs, type FileChoice } from './file-choice.ts';
import type { FileNeeds } from './file-needs.ts';
import { shownTable } from './names.ts';
import type { Relation } from './relations.ts';
import { commonWords } from './structure.ts';

export interface FileParts {
  readonly sandboxUrl: string;
  readonly database: string;
  readonly clients: ClientPrograms;
  readonly file: string;
  readonly choice: FileChoice;
  readonly needs: FileNeeds;
  /** As they were called before they were moved to another schema, in the order of `tables`. */
  readonly roots: readonly { readonly table: Relation; readonly rows: number; readonly was: string }[];
  readonly signal: AbortSignal | undefined;
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

/** Throws `restore.target_not_empty` for what is there, `restore.target_unusable` without a folder. */
export async function mustBeFree(file: string): Promise<void> {
  try {
    await lstat(file);
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
    const folder = await stat(dirname(file)).catch(() => undefined); // why it cannot be seen does not matter
    if (folder?.isDirectory() === true) return;
    throw new LifeboatError('restore.target_unusable', `the folder ${dirname(file)} does not exist`, {
      hint: `Make it first: mkdir -p ${shellWord(dirname(file))}`,
    });
  }
  throw new LifeboatError('restore.target_not_empty', `${file} is there already`, {
    hint: 'Name a file that does not exist yet.',
  });
}

/** Tables into a file that pg_restore or psql understands. */
export class FileDump implements TableChange {
  readonly #parts: FileParts;

  constructor(parts: FileParts) {
    this.#parts = parts;
  }

  get tables(): TableFigures[] {
    return this.#parts.roots.map(({ table, rows, was }) => ({
      table: was,
      as: shownTable(table),
      action: 'dump',
      rows,
      bytes: table.bytes,
    }));
  }

  get warnings(): readonly string[] {
    return this.#parts.warnings;
  }

  get needs(): TableNeeds {
    const { objects, roles } = this.#parts.needs;
    return { objects, roles };
  }

  close(): Promise<void> {
    return this.#parts.close();
  }

  fileBytes = async (): Promise<number> => {
    let bytes = 0;
    const dump = filtered(this.#words, undefined, { env: this.#environment, ...signalOf(this.#parts) });
    for await (const piece of dump) bytes += piece.length;
    return bytes;
  };

  async apply(): Promise<TableResult> {
    const { file, roots, warnings } = this.#parts;
    const fresh = join(dirname(file), `.${basename(file)}.lifeboat-${chance(8)}`);
    try {
      await this.#dump(fresh);
      await this.#mustBeWhole(fresh);
      await syncContent(fresh);
      // Never replaces what somebody else made meanwhile.
      await link(fresh, file);
      await unlink(fresh);
      await syncFolder(dirname(file));
    } catch (error) {
      await rm(fresh, { force: true });
      throw systemCodeOf(error) === 'EEXIST'
        ? new LifeboatError('restore.target_not_empty', `${file} was made by somebody else meanwhile`, { cause: error })
        : error;
    }
    return {
      tables: roots.map(({ table, rows }) => ({ as: shownTable(table), written: rows })),
      fileBytes: (await stat(file)).size,
      beforeImage: undefined,
      sequences: [],
      warnings,
    };
  }

  async #dump(fresh: string): Promise<void> {
    await mustSucceed([...this.#words, `--file=${fresh}`], { env: this.#environment, ...signalOf(this.#parts) });
    if (this.#parts.choice.whole.includes('public')) await leavePublicAsItIs(fresh);
  }

  get #words(): [string, ...string[]] {
    const { clients, choice, needs } = this.#parts;
    const format = this.#isScript ? ['--format=plain'] : ['--format=custom', '--compress=0'];
    return [join(clients.folder, 'pg_dump'), ...commonWords, ...format, ...choiceWords(choice, needs.extensions)];
  }

  get #environment(): Record<string, string> {
    const { sandboxUrl, database } = this.#parts;
    return clientEnvironment(sandboxUrl, database, 'lifeboat pg_dump');
  }

  get #isScript(): boolean {
    return this.#parts.file.endsWith('.sql');
  }

  /** Read to its end: an archive says how many rows it has of each table, a script only that it is complete. */
  async #mustBeWhole(fresh: string): Promise<void> {
    const { file, roots, choice } = this.#parts;
    if (this.#isScript) {
      const { size } = await stat(fresh);
      let end = '';
      for await (const piece of createReadStream(fresh, { start: Math.max(0, size - 2_000) }))
        end += (piece as Buffer).toString('latin1');
      if (/^-- PostgreSQL database dump complete$/m.test(end)) return;
      throw new LifeboatError('restore.check_failed', `${file}: pg_dump did not write it to its end`);
    }
    const reader = new ArchiveReader();
    for await (const piece of createReadStream(fresh)) reader.push(piece as Buffer);
    // An extension may bring rows of its own.
    const ours = new Set(choice.tables.map(({ id }) => Number(id)));
    const found = reader.end().rows.reduce((sum, { oid, rows }) => sum + (ours.has(oid) ? rows : 0), 0);
    const wanted = roots.reduce((sum, { rows }) => sum + rows, 0);
    if (found !== wanted)
      throw new LifeboatError('restore.check_failed', `${file} has ${found} rows instead of ${wanted}`);
  }
}

const signalOf = ({ signal }: FileParts): { signal?: AbortSignal } => (signal === undefined ? {} : { signal });

async function syncContent(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
