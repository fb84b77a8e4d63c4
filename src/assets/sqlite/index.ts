import { lstat, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { runCheck, type CheckResult } from '../../checks/index.ts';
import { formatBytes, LifeboatError, messageOf, systemCodeOf } from '../../core/index.ts';
import type { Asset, AssetContext, AssetKind, CaptureFacts, CheckTarget, Newest } from '../asset.ts';
import type { RestoredCopy, SourceIdentity, Survey, WorkOptions } from '../asset.ts';
import type { Entry } from '../entry.ts';
import { stopIfAsked } from '../stop.ts';
import { checkDatabase, mustBeSound } from './check.ts';
import { journalModeOf, reading, tidyUp } from './database.ts';
import { sqliteError } from './errors.ts';
import { libraryRisk } from './library.ts';
import { contentToken, measured, type Measure } from './newest.ts';
import { writeDatabaseFile } from './restored-file.ts';
import { mustHoldSomething, takeSnapshot } from './snapshot.ts';

export { sqliteForm } from './outside.ts';

export interface SqliteSettings {
  readonly path: string;
  readonly measure?: Measure | undefined;
}

export const sqliteKind: AssetKind<SqliteSettings> = {
  type: 'sqlite',
  schema: z.strictObject({
    path: z.string().min(1).describe('The database file, relative to the plan file or absolute.'),
    measure: z
      .strictObject({
        newest: z
          .string()
          .optional()
          .describe('A query for the time of the newest row (ISO 8601 or since 1970): the base of the measured RPO.'),
        rows: z.string().optional().describe('A query for the number of rows: the base of the measured loss.'),
      })
      .optional(),
  }),
  open: (name, settings, context) => new SqliteAsset(name, settings, context),
};

/** A database file is restored as a file: in the point it has this name, whatever it is called. */
const entryName = 'database';

class SqliteAsset implements Asset {
  readonly type = 'sqlite';
  readonly name: string;
  readonly #file: string;
  readonly #measure: Measure | undefined;
  readonly #context: AssetContext;

  constructor(name: string, settings: SqliteSettings, context: AssetContext) {
    this.name = name;
    this.#file = resolve(context.baseFolder, settings.path);
    this.#measure = settings.measure;
    this.#context = context;
  }

  async identify(): Promise<SourceIdentity> {
    const bytes = Number((await this.#stat()).size);
    return { id: `sqlite:${this.#file}`, description: `SQLite ${formatBytes(bytes)}, ${this.#file}`, bytes };
  }

  /** Reads it once, as a capture would. */
  async survey(): Promise<Survey> {
    mustHoldSomething(this.#file);
    const journalMode = await reading(this.#file, ({ database }) => journalModeOf(database));
    const hint = 'Use a newer Node here, and look at the SQLite of the programs that write it.';
    return {
      // A copy of the whole database is made before it is read.
      scratchBytes: Number((await this.#stat()).size),
      remarks: libraryRisk(journalMode).map((sentence) => ({
        about: 'settings',
        severity: 'warning',
        message: sentence.replace(/\.$/, ''),
        hint,
      })),
    };
  }

  async *capture(options: Parameters<Asset['capture']>[0]): AsyncGenerator<Entry, CaptureFacts, void> {
    const { scratch, signal, progress } = options;
    stopIfAsked(signal, `the backup of ${this.name}`);
    const source = await this.identify();
    const { mode, mtimeNs, uid, gid } = await this.#stat();
    const copy = join(scratch, entryName);
    const ended = new AbortController();
    try {
      const { atMs, journalMode, recovered, pageBytes } = await takeSnapshot(this.#file, copy, this.#context.clock);
      stopIfAsked(signal, `the backup of ${this.name}`);
      progress.note(`${this.name}: a consistent copy was made`);
      // Meanwhile it is read: no point comes of it before it is known to be sound.
      const sound = mustBeSound(copy, this.#file, AbortSignal.any([ended.signal, ...(signal ? [signal] : [])]));
      sound.catch(() => {}); // awaited below, unless something else fails before
      yield {
        path: entryName,
        type: 'file',
        mode: Number(mode) & 0o777,
        modifiedNs: mtimeNs,
        uid: Number(uid),
        gid: Number(gid),
        chunking: 'fixed',
        pageBytes,
        content: { kind: 'file', path: copy, standIn: true },
      };
      // The copy is removed when the capture ends.
      await options.readSoFar();
      await sound;
      stopIfAsked(signal, `the backup of ${this.name}`);
      const { newest, warnings } = await this.#measuredIn(copy);
      if (recovered) warnings.push('a crash had left a half transaction in the source, which was rolled back');
      return {
        atMs,
        kind: 'snapshot',
        source,
        facts: { journalMode, sqlite: process.versions['sqlite'] ?? 'unknown' },
        ...(newest === undefined ? {} : { newest }),
        warnings: [...libraryRisk(journalMode), ...warnings],
      };
    } finally {
      ended.abort();
      // It is as large as the database, and nobody needs it once the capture has ended.
      await rm(copy, { force: true });
    }
  }

  /** A `-wal`, `-shm` or `-journal` of an earlier database beside the target would be replayed onto the restored one. */
  async obstacles(target: string): Promise<string[]> {
    const standing: string[] = [];
    for (const path of [target, `${target}-wal`, `${target}-shm`, `${target}-journal`]) {
      try {
        await lstat(path);
        standing.push(path);
      } catch (error) {
        if (systemCodeOf(error) === 'ENOENT') continue;
        const message = `${path} cannot be looked at: ${messageOf(error)}`;
        throw new LifeboatError('restore.target_unusable', message, { where: path, cause: error });
      }
    }
    return standing;
  }

  async apply(...[point, staging, options]: Parameters<Asset['apply']>): Promise<void> {
    await writeDatabaseFile(point, entryName, staging, options.signal);
  }

  async start(path: string): Promise<RestoredCopy> {
    try {
      await reading(path, () => {});
    } catch (error) {
      throw new LifeboatError('asset.start_failed', messageOf(error), { where: path, cause: error });
    }
    // Checks leave an empty log beside a database in WAL mode, which would stay behind when the copy is renamed.
    return { path, url: path, shownUrl: path, stop: async () => tidyUp(path) };
  }

  async check(...[of, declared, options]: Parameters<Asset['check']>): Promise<CheckResult[]> {
    const { clock, baseFolder, checkKinds } = this.#context;
    const file = this.#fileOf(of);
    const results = await checkDatabase(file, clock, options?.signal);
    for (const spec of declared) {
      results.push(await runCheck(spec, checkKinds, { clock, baseFolder, databaseUrl: file, ...options }));
    }
    return results;
  }

  /** Without `measure` nobody knows the time of the newest commit, but equal tokens still tell that nothing was lost. */
  async newest(of: CheckTarget, options: WorkOptions = {}): Promise<Newest> {
    return reading(this.#fileOf(of), async ({ database }) => ({
      ...measured(database, this.#measure),
      token: await contentToken(database, options.signal),
    }));
  }

  /** A query of the plan that does not work must not stop a backup: the point says so. */
  async #measuredIn(copy: string): Promise<{ newest: Newest | undefined; warnings: string[] }> {
    if (this.#measure === undefined) return { newest: undefined, warnings: [] };
    try {
      return { newest: await reading(copy, ({ database }) => measured(database, this.#measure)), warnings: [] };
    } catch (error) {
      return { newest: undefined, warnings: [messageOf(error)] };
    }
  }

  async #stat() {
    try {
      const found = await stat(this.#file, { bigint: true });
      if (found.isFile()) return found;
    } catch (error) {
      throw sqliteError(error, this.#file);
    }
    throw new LifeboatError('asset.unreadable', `${this.#file} is no file`, {
      where: this.#file,
      hint: 'Name the database file as the path of the asset.',
    });
  }

  #fileOf(of: CheckTarget): string {
    return of === 'source' ? this.#file : of.url;
  }
}
