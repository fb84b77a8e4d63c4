import type { Client } from 'pg';
import { chance, LifeboatError, limits, systemClock, systemCodeOf, type Progress } from '../../core/index.ts';
import type { CaptureFacts, CaptureOptions } from '../asset.ts';
import type { Entry } from '../entry.ts';
import { BaseBackup } from './base-backup.ts';
import { captureBeside, type TakenBackup } from './beside/capture-beside.ts';
import { findDataFolder, type DataFolder, type NotBeside } from './beside/data-folder.ts';
import { measureWith, type Measure } from './check.ts';
import { connect, connectReplication, serverError } from './connection.ts';
import { LogWatch, lsnValue, positionNow } from './end-of-backup.ts';
import { entriesOf } from './entries.ts';
import { identifyServer, type ServerIdentity } from './identify.ts';
import { compareWithManifest } from './manifest.ts';
import { BadPages } from './pages/bad-pages.ts';
import { NewestWatch } from './newest-watch.ts';
import { mustHaveSameTablespaces, readSourceFacts, type SourceFacts } from './source-facts.ts';

/**
 * WAIT false: whether the server's own archive got the log is not ours to wait for, because the backup brings its log along.
 * With a tablespace map PostgreSQL 15 leaves tablespaces inside the data directory out, in silence; without one no tablespace may
 * have a location of more than 99 bytes.
 */
const commandFor = (source: SourceFacts): string =>
  `BASE_BACKUP (LABEL 'lifeboat', CHECKPOINT 'fast', WAL true, WAIT false, MANIFEST 'yes', MANIFEST_CHECKSUMS 'CRC32C',
    TABLESPACE_MAP ${source.tablespaces.some(({ inPlace }) => inPlace) ? 'false' : 'true'})`;

/** The server has this long to end a backup session that was given up. */
const endSessionMs = 5_000;

/** How the bytes of a server are had: from its own files, or through a replication connection. */
export type Via = 'files' | 'connection';

export interface PhysicalSettings {
  readonly url: string;
  readonly measure?: Measure | undefined;
  /** Without it the files are read where that can be done. */
  readonly via?: Via | undefined;
}

/**
 * A physical backup with the log that it needs to become consistent. See `Asset.capture`.
 *
 * `atMs` is the server's time at the latest look at its log that found it not past the end of the backup: whatever was acknowledged
 * before is in the log up to there. `newest` is what the plan's queries saw before such a moment.
 */
export async function* captureCluster(
  settings: PhysicalSettings,
  options: CaptureOptions,
): AsyncGenerator<Entry, CaptureFacts, void> {
  mustGoOn(options.signal);
  const beganMs = systemClock.now();
  const identity = await identifyServer(settings.url);
  const session = new Session(settings.url);
  let begun = false;
  const onAbort = (): void => session.abort(cancelled(options.signal?.reason));
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    mustGoOn(options.signal);
    const { source, log, newest, slot } = await session.open(settings.measure, options.progress);
    begun = true;
    const folder = settings.via === 'connection' ? undefined : await findDataFolder(session.ordinary, slot);
    if (settings.via === 'files') mustBeBeside(folder);
    const isBeside = folder !== undefined && 'path' in folder;
    const taken = yield* isBeside ? beside(session, folder, source, options) : received(session, source, options);
    await mustHaveSameTablespaces(session.ordinary, source.tablespaces);
    const end = lsnValue(taken.endLsn);
    const atMs = await log.latestBefore(end);
    if (atMs === undefined)
      throw new LifeboatError('asset.vanished', 'the server’s log went backwards during the backup');
    const measured = {
      atMs,
      newest: await newest?.latestBefore(end),
      via: isBeside ? 'files' : 'connection',
      beganMs,
    } as const;
    return factsOf(identity, source, taken, measured);
  } catch (error) {
    if (options.signal?.aborted === true) throw cancelled(options.signal.reason);
    throw begun ? interrupted(serverError(error)) : serverError(error);
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
    await session.close();
  }
}

/** It was there when the backup began. */
const interrupted = (error: LifeboatError): LifeboatError =>
  error.code === 'asset.unreachable'
    ? new LifeboatError('asset.vanished', `the server went away in the middle of the backup: ${error.message}`, {
        cause: error,
      })
    : error;

async function* beside(
  session: Session,
  folder: DataFolder,
  source: SourceFacts,
  { progress, readSoFar }: CaptureOptions,
): AsyncGenerator<Entry, TakenBackup, void> {
  return yield* captureBeside({ client: await session.openBackup(), folder, source, progress, readSoFar });
}

async function* received(
  session: Session,
  source: SourceFacts,
  { readSoFar }: CaptureOptions,
): AsyncGenerator<Entry, TakenBackup, void> {
  const backup = session.receive(source);
  const bad = new BadPages(source);
  const arrived = yield* entriesOf(backup, source, bad);
  await readSoFar();
  bad.mustBeReplayed(lsnValue(backup.start.lsn), lsnValue(backup.end.lsn));
  compareWithManifest(backup.manifest, arrived);
  const { start, end, label } = backup;
  return {
    startLsn: start.lsn,
    endLsn: end.lsn,
    timeline: end.timeline,
    label,
    tablespaces: start.tablespaces,
    warnings: [],
  };
}

function mustBeBeside(folder: DataFolder | NotBeside | undefined): void {
  if (folder === undefined || !('because' in folder)) return;
  throw new LifeboatError('asset.unsupported', `the files of the server cannot be read from here: ${folder.because}`, {
    hint: 'Run Lifeboat beside the server as its user, or leave `via` out of the plan.',
  });
}

/** The connections of one backup: one that it streams over, one to look at the server beside it, one for the plan's queries. */
class Session {
  readonly #url: string;
  #received: BaseBackup | undefined;
  #ordinary: Client | undefined;
  #measuring: Client | undefined;
  #replication: Client | undefined;
  #log: LogWatch | undefined;
  #newest: NewestWatch | undefined;
  #backup: Client | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  async open(measure: Measure | undefined, progress: Progress) {
    const ordinary = (this.#ordinary = await connect(this.#url));
    const source = await readSourceFacts(ordinary);
    const newest = measure === undefined ? undefined : await this.#openNewest(measure);
    const log = (this.#log = new LogWatch(ordinary));
    await log.sample();
    this.#replication = await connectReplication(this.#url);
    const slot = await keepLog(this.#replication, progress);
    return { source, log, newest, slot };
  }

  /** A backup that the server sends. */
  receive(source: SourceFacts): BaseBackup {
    return (this.#received = new BaseBackup(this.#replication as Client, commandFor(source)));
  }

  /** The connection of a backup by the server's backup API: it lasts as long as that. */
  async openBackup(): Promise<Client> {
    return (this.#backup = await connect(this.#url));
  }

  abort(reason: unknown): void {
    this.#received?.abort(reason);
    if (this.#backup !== undefined) cutOff(this.#backup);
  }

  get ordinary(): Client {
    return this.#ordinary as Client;
  }

  async #openNewest(measure: Measure): Promise<NewestWatch> {
    const client = (this.#measuring = await connect(this.#url));
    this.#newest = new NewestWatch({
      measure: () => measureWith(client, measure),
      position: () => positionNow(client),
    });
    await this.#newest.begin();
    return this.#newest;
  }

  /** Ended early, the server still sends: only a broken connection and a word from beside make it end its session. */
  async close(): Promise<void> {
    this.#received?.abort(new LifeboatError('operation.cancelled', 'the backup was ended'));
    const patience = new AbortController();
    const goodbye = this.#sayGoodbye().finally(() => patience.abort());
    // A network that died answers nobody: whoever waits for the end of this backup must not wait for it too.
    const cut = systemClock.sleep(limits.goodbyeMs, patience.signal).then(
      () => this.#cut(),
      () => {}, // they were closed in time
    );
    await Promise.race([goodbye, cut]);
  }

  async #sayGoodbye(): Promise<void> {
    await this.#log?.stop();
    if (this.#received?.ended === false) await this.#endOnServer();
    await this.#newest?.stop();
    for (const client of this.#clients()) {
      await client.end().catch(() => {}); // broken on purpose, or the server is gone, and whoever needed it knows
    }
  }

  #cut(): void {
    for (const client of this.#clients()) cutOff(client);
  }

  #clients(): Client[] {
    return [this.#backup, this.#replication, this.#measuring, this.#ordinary].filter((client) => client !== undefined);
  }

  async #endOnServer(): Promise<void> {
    const pid = (this.#replication as { processID?: number | null } | undefined)?.processID;
    if (typeof pid !== 'number') return;
    try {
      await this.#ordinary?.query('select pg_terminate_backend($1, $2)', [pid, endSessionMs]);
    } catch {
      // The server went away, and the session with it; or it takes the broken connection as the end a little later.
    }
  }
}

/** Without a word to the server: it ends what the connection was for. */
function cutOff(client: Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}

function factsOf(
  { systemId, version, major, source: identity }: ServerIdentity,
  source: SourceFacts,
  taken: TakenBackup,
  { atMs, beganMs, newest, via }: { atMs: number; beganMs: number; newest: CaptureFacts['newest']; via: Via },
): CaptureFacts {
  const { encoding, pageChecksums, superuser, settings } = source;
  return {
    atMs,
    beganMs,
    kind: 'base',
    source: identity,
    ...(newest === undefined ? {} : { newest }),
    facts: {
      systemId,
      version,
      major,
      via,
      startLsn: taken.startLsn,
      endLsn: taken.endLsn,
      timeline: taken.timeline,
      checkpointLsn: /^CHECKPOINT LOCATION: (\S+)/m.exec(taken.label)?.[1],
      tablespaces: taken.tablespaces,
      encoding,
      pageChecksums,
      superuser,
      settings,
    },
    warnings: [...taken.warnings, ...(pageChecksums ? [] : [noChecksums])],
  };
}

const noChecksums =
  'The server keeps no checksums of its pages, so a page that its disk changed is backed up as it is.';

function mustGoOn(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw cancelled(signal.reason);
}

const cancelled = (reason: unknown): LifeboatError =>
  reason instanceof LifeboatError
    ? reason
    : new LifeboatError('operation.cancelled', 'the backup was stopped', { cause: reason });

/**
 * A slot that lives as long as the connection keeps the server from recycling the log that the backup sends last; without it a busy
 * server ends a long backup at its very end. A server without a free slot is backed up all the same.
 */
async function keepLog(replication: Client, progress: Progress): Promise<string | undefined> {
  const slot = `lifeboat_${chance(8)}`;
  try {
    await replication.query(`CREATE_REPLICATION_SLOT "${slot}" TEMPORARY PHYSICAL (RESERVE_WAL true)`);
    return slot;
  } catch (error) {
    // 53400: all are in use; 55000: max_replication_slots is 0.
    if (!['53400', '55000'].includes(systemCodeOf(error) ?? '')) throw serverError(error);
    progress.note(
      'The server has no free replication slot: if it recycles its log during the backup, the backup fails.',
    );
    return undefined;
  }
}
