import { createHash } from 'node:crypto';
import { lstat, mkdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { runCheck, type CheckResult } from '../../checks/index.ts';
import { formatBytes, LifeboatError, limits, messageOf, systemCodeOf } from '../../core/index.ts';
import type { Asset, AssetContext, AssetKind, CaptureFacts, CheckTarget, Newest, SourceIdentity } from '../asset.ts';
import type { Entry } from '../entry.ts';
import { sqliteError } from './errors.ts';
import { libraryRisk } from './library.ts';

export interface SqliteSettings {
  readonly path: string;
  readonly measure?: { readonly newest?: string | undefined; readonly rows?: string | undefined } | undefined;
}

export const sqliteKind: AssetKind<SqliteSettings> = {
  type: 'sqlite',
  schema: z.strictObject({
    path: z.string().min(1).describe('The database file, relative to the plan file or absolute.'),
    measure: z
      .strictObject({
        newest: z.string().optional().describe('A query for the time of the newest row: the base of the measured RPO.'),
        rows: z.string().optional().describe('A query for the number of rows: the base of the measured loss.'),
      })
      .optional(),
  }),
  open: (name, settings, context) => new SqliteAsset(name, settings, context),
};

/** One step for the whole database: a backup in several steps starts again whenever another process writes, perhaps for ever. */
const pagesInOneStep = 2 ** 30;

/** A database file is restored as a file: in the point it has this name, whatever it is called. */
const entryName = 'database';

class SqliteAsset implements Asset {
  readonly type = 'sqlite';
  readonly name: string;
  readonly #file: string;
  readonly #settings: SqliteSettings;
  readonly #context: AssetContext;

  constructor(name: string, settings: SqliteSettings, context: AssetContext) {
    this.name = name;
    this.#file = resolve(context.baseFolder, settings.path);
    this.#settings = settings;
    this.#context = context;
  }

  async identify(): Promise<SourceIdentity> {
    const { size } = await this.#stat();
    return { id: `sqlite:${this.#file}`, description: `SQLite ${formatBytes(size)}, ${this.#file}`, bytes: size };
  }

  async *capture({
    scratch,
    signal,
    progress,
  }: Parameters<Asset['capture']>[0]): AsyncGenerator<Entry, CaptureFacts, void> {
    const source = await this.identify();
    const copy = join(scratch, entryName);
    const { mode, mtimeNs } = await this.#stat();
    signal?.throwIfAborted();
    const { atMs, journalMode } = await this.#copyTo(copy);
    progress.note(`${this.name}: a consistent copy was made`);
    const warnings = libraryRisk(journalMode);
    yield {
      path: entryName,
      type: 'file',
      mode: Number(mode) & 0o777,
      modifiedNs: mtimeNs,
      chunking: 'fixed',
      content: { kind: 'file', path: copy },
    };
    return {
      atMs,
      kind: 'snapshot',
      source,
      facts: { journalMode, sqlite: process.versions['sqlite'] ?? '' },
      warnings,
    };
  }

  /** A `-wal`, `-shm` or `-journal` beside the target would be replayed onto the restored database. */
  async obstacles(target: string): Promise<string[]> {
    const standing: string[] = [];
    for (const path of [target, `${target}-wal`, `${target}-shm`, `${target}-journal`]) {
      try {
        await lstat(path);
        standing.push(path);
      } catch (error) {
        if (systemCodeOf(error) !== 'ENOENT') {
          throw new LifeboatError('restore.target_unusable', `${path} cannot be looked at: ${messageOf(error)}`, {
            cause: error,
          });
        }
      }
    }
    return standing;
  }

  async apply(...[point, staging, options]: Parameters<Asset['apply']>): Promise<void> {
    const folder = `${staging}.parts`;
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { mode: 0o700 });
    try {
      await point.writeTree(folder, options.signal === undefined ? {} : { signal: options.signal });
      await rename(join(folder, entryName), staging);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async start(path: string) {
    return { path, url: path, shownUrl: path, stop: async () => {} };
  }

  async check(...[of, declared, options]: Parameters<Asset['check']>): Promise<CheckResult[]> {
    const { clock, baseFolder, checkKinds } = this.#context;
    const file = this.#fileOf(of);
    const own = [
      this.#pragma(
        file,
        'integrity_check',
        'the database is whole, its indexes too',
        (rows) => rows.length === 1 && rows[0] === 'ok',
      ),
      this.#pragma(file, 'foreign_key_check', 'every reference has its row', (rows) => rows.length === 0),
    ];
    const context = { clock, baseFolder, databaseUrl: file, ...options };
    return [...own, ...(await Promise.all(declared.map((spec) => runCheck(spec, checkKinds, context))))];
  }

  async newest(of: CheckTarget): Promise<Newest> {
    const file = this.#fileOf(of);
    const { measure } = this.#settings;
    return this.#reading(file, (database) => {
      const first = (sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0];
      const newest = measure?.newest === undefined ? undefined : timeOf(first(measure.newest));
      const count = measure?.rows === undefined ? undefined : Number(first(measure.rows));
      return {
        ...(newest === undefined ? {} : { atMs: newest }),
        ...(count === undefined ? {} : { count }),
        token: contentToken(database),
      };
    });
  }

  async #copyTo(copy: string): Promise<{ atMs: number; journalMode: string }> {
    const source = this.#open(this.#file);
    try {
      const journalMode = String(source.prepare('pragma journal_mode').get()?.['journal_mode']);
      // Before the copy: what was committed by now is in it. What is committed during the one step waits for it, or is in too.
      const atMs = this.#context.clock.now();
      await backup(source, copy, { rate: pagesInOneStep });
      mustBeSound(copy, this.#file);
      return { atMs, journalMode };
    } catch (error) {
      throw sqliteError(error, this.#file);
    } finally {
      source.close();
    }
  }

  #pragma(file: string, pragma: string, name: string, good: (rows: unknown[]) => boolean): CheckResult {
    const { clock } = this.#context;
    const startedMs = clock.elapsed();
    try {
      const rows = this.#reading(file, (database) =>
        database
          .prepare(`pragma ${pragma}`)
          .all()
          .map((row) => Object.values(row)[0]),
      );
      const ok = good(rows);
      return {
        name,
        ok,
        observed: ok ? 'ok' : `${rows.length} findings: ${rows.slice(0, 3).join('; ')}`,
        expected: 'ok',
        durationMs: clock.elapsed() - startedMs,
      };
    } catch (error) {
      return { name, ok: false, observed: messageOf(error), expected: 'ok', durationMs: clock.elapsed() - startedMs };
    }
  }

  #reading<T>(file: string, read: (database: DatabaseSync) => T): T {
    const database = this.#open(file);
    try {
      return read(database);
    } catch (error) {
      throw sqliteError(error, file);
    } finally {
      database.close();
    }
  }

  /** Read-only: a database that only we have open in WAL mode would otherwise be checkpointed, which changes the file. */
  #open(file: string): DatabaseSync {
    try {
      return new DatabaseSync(file, { readOnly: true, timeout: limits.sqliteBusyMs });
    } catch (error) {
      throw sqliteError(error, file);
    }
  }

  async #stat() {
    try {
      const found = await stat(this.#file, { bigint: true });
      if (found.isFile()) return { size: Number(found.size), mode: found.mode, mtimeNs: found.mtimeNs };
    } catch (error) {
      throw sqliteError(error, this.#file);
    }
    throw new LifeboatError('asset.unreadable', `${this.#file} is no file`, {
      hint: 'Name the database file as the path of the asset.',
    });
  }

  #fileOf(of: CheckTarget): string {
    return of === 'source' ? this.#file : of.url;
  }
}

function mustBeSound(copy: string, original: string): void {
  const database = new DatabaseSync(copy, { readOnly: true, timeout: limits.sqliteBusyMs });
  try {
    const [row] = database.prepare('pragma quick_check(1)').all();
    const said = Object.values(row ?? {})[0];
    if (said !== 'ok') {
      throw new LifeboatError('asset.corrupt', `${original} is damaged: ${String(said)}`, {
        hint: 'Keep the older points; repair it with the sqlite3 program’s .recover, or restore.',
      });
    }
  } finally {
    database.close();
  }
}

/** Over the schema and every table's rows: equal tokens mean equal data, in whatever order the pages are. */
function contentToken(database: DatabaseSync): string {
  const hash = createHash('sha256');
  const tables = database.prepare(`select name, sql from sqlite_schema where type = 'table' order by name`).all();
  for (const { name, sql } of tables) {
    hash.update(`${String(name)}\0${String(sql)}\0`);
    for (const row of database.prepare(`select * from "${String(name).replaceAll('"', '""')}"`).iterate()) {
      hash.update(
        JSON.stringify(Object.values(row), (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
      );
    }
  }
  return hash.digest('hex');
}

/** ISO 8601, or a number of seconds since 1970. */
function timeOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' && Number.isNaN(Number(value)) ? Date.parse(value) : Number(value) * 1000;
}
