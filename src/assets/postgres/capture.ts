import type { Client } from 'pg';
import { chance, LifeboatError, limits, systemClock, systemCodeOf, type Progress } from '../../core/index.ts';
import type { CaptureFacts, CaptureOptions } from '../asset.ts';
import type { Entry } from '../entry.ts';
import { BaseBackup } from './base-backup.ts';
import { measureWith, type Measure } from './check.ts';
import { connect, connectReplication, serverError } from './connection.ts';
import { LogWatch, lsnValue, positionNow } from './end-of-backup.ts';
import { entriesOf } from './entries.ts';
import { identifyServer, type ServerIdentity } from './identify.ts';
import { compareWithManifest } from './manifest.ts';
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

/**
 * A physical backup through the replication protocol, with the log it needs to become consistent. See `Asset.capture`.
 *
 * `atMs` is the server's time at the latest look at its log that found it not past the end of the backup: whatever was acknowledged
 * before is in the log up to there. `newest` is what the plan's queries saw before such a moment.
 */
export async function* captureCluster(
  url: string,
  measure: Measure | undefined,
  options: CaptureOptions,
): AsyncGenerator<Entry, CaptureFacts, void> {
  mustGoOn(options.signal);
  const identity = await identifyServer(url);
  const session = new Session();
  const onAbort = (): void => session.backup?.abort(cancelled(options.signal?.reason));
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    mustGoOn(options.signal);
    const { source, backup, log, newest } = await session.open(url, measure, options.progress);
    const received = yield* entriesOf(backup, source);
    compareWithManifest(backup.manifest, received);
    await mustHaveSameTablespaces(session.ordinary, source.tablespaces);
    const end = lsnValue(backup.end.lsn);
    const atMs = await log.latestBefore(end);
    if (atMs === undefined)
      throw new LifeboatError('asset.vanished', 'the server’s log went backwards during the backup');
    return factsOf(identity, source, backup, { atMs, newest: await newest?.latestBefore(end) });
  } catch (error) {
    throw options.signal?.aborted === true ? cancelled(options.signal.reason) : serverError(error);
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
    await session.close();
  }
}

/** The connections of one backup: one that it streams over, one to look at the server beside it, one for the plan's queries. */
class Session {
  backup: BaseBackup | undefined;
  #ordinary: Client | undefined;
  #measuring: Client | undefined;
  #replication: Client | undefined;
  #log: LogWatch | undefined;
  #newest: NewestWatch | undefined;

  async open(url: string, measure: Measure | undefined, progress: Progress) {
    const ordinary = (this.#ordinary = await connect(url));
    const source = await readSourceFacts(ordinary);
    const newest = measure === undefined ? undefined : await this.#openNewest(url, measure);
    const log = (this.#log = new LogWatch(ordinary));
    await log.sample();
    this.#replication = await connectReplication(url);
    await keepLog(this.#replication, progress);
    const backup = (this.backup = new BaseBackup(this.#replication, commandFor(source)));
    return { source, backup, log, newest };
  }

  get ordinary(): Client {
    return this.#ordinary as Client;
  }

  async #openNewest(url: string, measure: Measure): Promise<NewestWatch> {
    const client = (this.#measuring = await connect(url));
    this.#newest = new NewestWatch({
      measure: () => measureWith(client, measure),
      position: () => positionNow(client),
    });
    await this.#newest.begin();
    return this.#newest;
  }

  /** Ended early, the server still sends: only a broken connection and a word from beside make it end its session. */
  async close(): Promise<void> {
    this.backup?.abort(new LifeboatError('operation.cancelled', 'the backup was ended'));
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
    if (this.backup?.ended === false) await this.#endOnServer();
    await this.#newest?.stop();
    for (const client of this.#clients()) {
      await client.end().catch(() => {}); // broken on purpose, or the server is gone, and whoever needed it knows
    }
  }

  #cut(): void {
    for (const client of this.#clients()) {
      (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    }
  }

  #clients(): Client[] {
    return [this.#replication, this.#measuring, this.#ordinary].filter((client) => client !== undefined);
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

function factsOf(
  { systemId, version, major, source: identity }: ServerIdentity,
  source: SourceFacts,
  { start, end, label }: BaseBackup,
  { atMs, newest }: { atMs: number; newest: CaptureFacts['newest'] },
): CaptureFacts {
  const { encoding, pageChecksums, superuser, settings } = source;
  return {
    atMs,
    kind: 'base',
    source: identity,
    ...(newest === undefined ? {} : { newest }),
    facts: {
      systemId,
      version,
      major,
      startLsn: start.lsn,
      endLsn: end.lsn,
      timeline: end.timeline,
      checkpointLsn: /^CHECKPOINT LOCATION: (\S+)/m.exec(label)?.[1],
      tablespaces: start.tablespaces,
      encoding,
      pageChecksums,
      superuser,
      settings,
    },
    warnings: pageChecksums
      ? []
      : ['The server keeps no checksums of its pages, so a page that its disk changed is backed up as it is.'],
  };
}

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
async function keepLog(replication: Client, progress: Progress): Promise<void> {
  try {
    await replication.query(`CREATE_REPLICATION_SLOT "lifeboat_${chance(8)}" TEMPORARY PHYSICAL (RESERVE_WAL true)`);
  } catch (error) {
    // 53400: all are in use; 55000: max_replication_slots is 0.
    if (!['53400', '55000'].includes(systemCodeOf(error) ?? '')) throw serverError(error);
    progress.note(
      'The server has no free replication slot: if it recycles its log during the backup, the backup fails.',
    );
  }
}
