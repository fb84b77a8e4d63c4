import { LifeboatError, systemClock } from '../../../../core/index.ts';
import type { CaptureFacts, CaptureOptions, Newest } from '../../../asset.ts';
import type { Entry } from '../../../entry.ts';
import { stopIfAsked } from '../../../stop.ts';
import { parseServerUrl } from '../../link/address.ts';
import type { Measure } from '../../copy/check.ts';
import { serverError } from '../../link/connection.ts';
import type { ArchiveContents } from '../archive/archive-format.ts';
import { Dump } from './dump.ts';
import type { DatabaseList, DumpedDatabase, DumpFacts } from '../facts.ts';
import { dumpGlobals } from './globals.ts';
import { findDumpPrograms, type ClientPrograms } from '../programs.ts';
import { readLogicalSource, type LogicalSource, type SourceDatabase } from './source.ts';
import { Snapshot, type Seen } from './snapshot.ts';

export interface DumpSettings {
  readonly databases: readonly string[] | undefined;
  readonly measure: Measure | undefined;
}

/**
 * A dump of the roles and of each database, one after the other. See `Asset.capture`.
 *
 * Each database is of one moment, and no two are of the same: `atMs` is the server’s clock before the first of them, so that
 * everything that was acknowledged before is in the point, whichever database it went to. `newest` is what the plan’s queries saw in
 * the very moment that was dumped.
 */
export async function* captureDump(
  url: string,
  settings: DumpSettings,
  options: CaptureOptions,
): AsyncGenerator<Entry, CaptureFacts, void> {
  const { signal, progress } = options;
  const goOn = (): void => stopIfAsked(signal, 'the backup');
  try {
    goOn();
    const source = await readLogicalSource(url, settings.databases);
    const clients = await findDumpPrograms(source.major);
    const capture = new Capture(source, clients, url, settings, signal);
    capture.mustHoldHome();
    yield folder('');
    goOn();
    yield file('globals.sql', await capture.globals());
    goOn();
    yield folder('databases');
    for (const database of source.databases) {
      goOn();
      yield* capture.dump(database);
    }
    goOn();
    const { moments } = capture;
    if (moments > 1) progress.note(`${moments} databases were dumped, each as it was at a moment of its own.`);
    return capture.facts();
  } catch (error) {
    goOn();
    throw serverError(error);
  }
}

/** One capture of one server: what its dumps hold is put together here. */
class Capture {
  readonly #source: LogicalSource;
  readonly #clients: ClientPrograms;
  readonly #url: string;
  readonly #settings: DumpSettings;
  readonly #signal: AbortSignal | undefined;
  readonly #dumped: DumpedDatabase[] = [];
  readonly #warnings: string[] = [];
  #newest: Newest | undefined;

  constructor(
    source: LogicalSource,
    clients: ClientPrograms,
    url: string,
    settings: DumpSettings,
    signal: AbortSignal | undefined,
  ) {
    this.#source = source;
    this.#clients = clients;
    this.#url = url;
    this.#settings = settings;
    this.#signal = signal;
  }

  get moments(): number {
    return this.#dumped.length;
  }

  /** Throws `plan.invalid` when a copy could not be asked what the plan asks, because the database of its url is not dumped. */
  mustHoldHome(): void {
    const home = this.#homeDatabase;
    if (this.#source.databases.some(({ name }) => name === home)) return;
    // Every new cluster has these two.
    if (['postgres', 'template1'].includes(home) && this.#settings.measure === undefined) return;
    throw new LifeboatError(
      'plan.invalid',
      `the url of the asset names the database ${home}, which "databases" leaves out`,
      {
        hint: `Add ${home} to "databases", or name one of them in the url: there a copy is entered and the queries of the plan are asked.`,
      },
    );
  }

  globals(): Promise<Buffer> {
    const { rolePasswords } = this.#source;
    return dumpGlobals(this.#clients, this.#url, this.#homeDatabase, { rolePasswords, signal: this.#signal });
  }

  async *dump(database: SourceDatabase): AsyncGenerator<Entry, void, void> {
    const { name } = database;
    const path = `databases/${encodeURIComponent(name)}`;
    const snapshot = await Snapshot.open(this.#url, name);
    // A query of the plan may count for long: without its connection it ends at once.
    const onAbort = (): void => void snapshot.close();
    this.#signal?.addEventListener('abort', onAbort, { once: true });
    try {
      // While it was opened nobody listened.
      stopIfAsked(this.#signal, 'the backup');
      const seen = await snapshot.look(name === this.#homeDatabase ? this.#settings.measure : undefined);
      this.#newest ??= seen.newest;
      const dump = new Dump({ clients: this.#clients, url: this.#url, database: name, snapshot, signal: this.#signal });
      yield { ...header(`${path}.dump`), chunking: 'content', content: { kind: 'stream', read: () => dump.read() } };
      const contents = dump.contents;
      if (contents === undefined)
        throw new LifeboatError('asset.vanished', `the dump of ${name} was not read to its end`);
      this.#warnings.push(...dump.warnings.map((said) => `pg_dump of ${name} said: ${said}`));
      const list = listOf(contents, seen, name);
      yield file(`${path}.json`, Buffer.from(JSON.stringify(list)));
      this.#dumped.push(describe(database, path, snapshot, { seen, contents, list }));
    } finally {
      this.#signal?.removeEventListener('abort', onAbort);
      await snapshot.close();
    }
  }

  facts(): CaptureFacts {
    const { identity, databases: _, leftOut, locale, ...server } = this.#source;
    const { version: dumpVersion, major: dumpMajor } = this.#clients;
    const facts: DumpFacts = {
      method: 'logical',
      systemId: server.systemId,
      version: server.version,
      major: server.major,
      dumpVersion,
      dumpMajor,
      superuser: server.superuser,
      rolePasswords: server.rolePasswords,
      roles: server.roles,
      tablespaces: [...server.tablespaces],
      locale,
      settings: { ...server.settings },
      databases: this.#dumped,
    };
    return {
      atMs: Math.min(...this.#dumped.map(({ atMs }) => atMs)),
      kind: 'dump',
      source: identity,
      facts,
      ...(this.#newest === undefined ? {} : { newest: this.#newest }),
      warnings: [...this.#notes(), ...leftOut, ...this.#warnings],
    };
  }

  #notes(): string[] {
    const { rolePasswords, major, version } = this.#source;
    return [
      rolePasswords
        ? undefined
        : 'The passwords of the roles are not in this point: its user may not read them (pg_authid). Restored roles have none.',
      this.#clients.major === major
        ? undefined
        : `PostgreSQL ${version} was dumped by pg_dump ${this.#clients.version}: it is restored into PostgreSQL ${this.#clients.major} or newer.`,
    ].filter((note) => note !== undefined);
  }

  /** The database that the plan’s URL names: there the plan’s queries are asked. */
  get #homeDatabase(): string {
    const { pathname, username } = parseServerUrl(this.#url);
    return decodeURIComponent(pathname.slice(1)) || decodeURIComponent(username) || 'postgres';
  }
}

/** Throws `asset.corrupt` for a dump that holds other tables than the database had at its moment. */
function listOf(contents: ArchiveContents, { tables }: Seen, database: string): DatabaseList {
  const rows = contents.rows.map(({ oid, rows: count }) => {
    const table = tables.get(oid);
    if (table === undefined)
      throw new LifeboatError(
        'asset.corrupt',
        `the dump of ${database} holds a table (${oid}) that the database does not have`,
      );
    return { ...table, rows: count };
  });
  const dumped = new Set(contents.rows.map(({ oid }) => oid));
  const missing = [...tables].find(([oid, { ofExtension }]) => !ofExtension && !dumped.has(oid))?.[1];
  if (missing !== undefined) {
    throw new LifeboatError(
      'asset.corrupt',
      `the dump of ${database} lacks the rows of ${missing.schema}.${missing.name}`,
      {
        hint: 'Take a new point. If it happens again, run pg_dump by hand and look at what it says.',
      },
    );
  }
  return { tables: rows, sequences: [...contents.sequences], entries: { ...contents.entries } };
}

function describe(
  { name, owner, locale, bytes: sourceBytes }: SourceDatabase,
  path: string,
  { atMs }: Snapshot,
  { seen, contents, list }: { seen: Seen; contents: ArchiveContents; list: DatabaseList },
): DumpedDatabase {
  return {
    name,
    path,
    owner,
    locale,
    atMs,
    extensions: [...seen.extensions],
    collations: [...seen.collations],
    structure: seen.structure,
    entries: Object.values(contents.entries).reduce((sum, count) => sum + count, 0),
    tables: list.tables.length,
    rows: list.tables.reduce((sum, { rows }) => sum + rows, 0),
    largeObjects: contents.largeObjects,
    bytes: contents.bytes,
    sourceBytes,
  };
}

const header = (path: string) => ({
  path,
  type: 'file' as const,
  mode: 0o600,
  modifiedNs: BigInt(systemClock.now()) * 1_000_000n,
});

const file = (path: string, bytes: Buffer): Entry => ({
  ...header(path),
  content: {
    kind: 'stream',
    async *read() {
      yield bytes;
    },
  },
});

const folder = (path: string): Entry => ({ path, type: 'folder', mode: 0o700, modifiedNs: 0n });
