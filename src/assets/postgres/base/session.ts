import type { Client } from 'pg';
import { chance, LifeboatError, limits, systemClock, systemCodeOf, type Progress } from '../../../core/index.ts';
import { measureWith, type Measure } from '../copy/check.ts';
import { connect, connectReplication, serverError } from '../link/connection.ts';
import { BaseBackup } from './base-backup.ts';
import { LogWatch, positionNow } from './end-of-backup.ts';
import { NewestWatch } from './newest-watch.ts';
import { readSourceFacts, type SourceFacts } from './source-facts.ts';
import { openStandby, type ReadFrom } from './standby-source.ts';

/**
 * WAIT false: whether the server's own archive got the log is not ours to wait for, because the backup brings its log along.
 * With a tablespace map PostgreSQL 15 leaves tablespaces inside the data directory out, in silence; without one no tablespace may
 * have a location of more than 99 bytes.
 */
const commandFor = (source: SourceFacts, kibibytesPerSecond: number | undefined): string =>
  `BASE_BACKUP (LABEL 'lifeboat', CHECKPOINT 'fast', WAL true, WAIT false, MANIFEST 'yes', MANIFEST_CHECKSUMS 'CRC32C',
    ${kibibytesPerSecond === undefined ? '' : `MAX_RATE ${kibibytesPerSecond},`}
    TABLESPACE_MAP ${source.tablespaces.some(({ inPlace }) => inPlace) ? 'false' : 'true'})`;

/** The server has this long to end a backup session that was given up. */
const endSessionMs = 5_000;

/** What `BASE_BACKUP` takes for MAX_RATE. */
const [kibibytesMin, kibibytesMax] = [32, 2 ** 20];

export interface SessionSettings {
  /** Of the primary: it says what was written until when, and answers the plan's queries. */
  readonly url: string;
  /** Whose files are read; the primary's unless stated. */
  readonly standby?: string | undefined;
  /** How fast the server may send. */
  readonly bytesPerSecond?: number | undefined;
}

export interface OpenSession {
  readonly source: SourceFacts;
  readonly log: LogWatch;
  readonly newest: NewestWatch | undefined;
  /** A slot of a random name, if the server had one free. */
  readonly slot: string | undefined;
  readonly from: ReadFrom;
}

/**
 * The connections of one backup: one that it streams over, one to look at the server beside it, one for the plan's queries. What is read
 * from a standby is asked of the standby; the primary's clock and log say what of it was acknowledged when.
 */
export class Session {
  readonly #settings: SessionSettings;
  #received: BaseBackup | undefined;
  #ordinary: Client | undefined;
  #standby: Client | undefined;
  #measuring: Client | undefined;
  #replication: Client | undefined;
  #log: LogWatch | undefined;
  #newest: NewestWatch | undefined;
  #backup: Client | undefined;
  #readUrl: string;

  constructor(settings: SessionSettings) {
    this.#settings = settings;
    this.#readUrl = settings.url;
  }

  async open(measure: Measure | undefined, progress: Progress, signal: AbortSignal | undefined): Promise<OpenSession> {
    const { url, standby } = this.#settings;
    const ordinary = (this.#ordinary = await connect(url));
    const source = await readSourceFacts(ordinary);
    const newest = measure === undefined ? undefined : await this.#openNewest(measure);
    const log = (this.#log = new LogWatch(ordinary));
    const position = await log.begin();
    let from: ReadFrom = { server: 'primary', source };
    if (standby !== undefined) {
      progress.note('Waiting until the standby has what the primary has.');
      const opened = await openStandby({ standby, primary: ordinary, position, source, signal });
      this.#standby = opened.client;
      from = opened.from;
      if (from.server === 'standby') this.#readUrl = standby;
    }
    this.#replication = await connectReplication(this.#readUrl);
    const slot = await keepLog(this.#replication, progress);
    return { source, log, newest, slot, from };
  }

  /** A backup that the server sends. */
  receive(source: SourceFacts): BaseBackup {
    const { bytesPerSecond } = this.#settings;
    const rate =
      bytesPerSecond === undefined
        ? undefined
        : Math.min(kibibytesMax, Math.max(kibibytesMin, Math.floor(bytesPerSecond / 1024)));
    return (this.#received = new BaseBackup(this.#replication as Client, commandFor(source, rate)));
  }

  /** The connection of a backup by the server's backup API: it lasts as long as that. */
  async openBackup(): Promise<Client> {
    return (this.#backup = await connect(this.#readUrl));
  }

  abort(reason: unknown): void {
    this.#received?.abort(reason);
    if (this.#backup !== undefined) cutOff(this.#backup);
  }

  /** To the primary. */
  get ordinary(): Client {
    return this.#ordinary as Client;
  }

  /** To the server whose files are read. */
  get reading(): Client {
    return this.#standby ?? (this.#ordinary as Client);
  }

  async #openNewest(measure: Measure): Promise<NewestWatch> {
    const client = (this.#measuring = await connect(this.#settings.url));
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
    return [this.#backup, this.#replication, this.#measuring, this.#standby, this.#ordinary].filter(
      (client) => client !== undefined,
    );
  }

  async #endOnServer(): Promise<void> {
    const pid = (this.#replication as { processID?: number | null } | undefined)?.processID;
    if (typeof pid !== 'number') return;
    try {
      await this.reading.query('select pg_terminate_backend($1, $2)', [pid, endSessionMs]);
    } catch {
      // The server went away, and the session with it; or it takes the broken connection as the end a little later.
    }
  }
}

/** Without a word to the server: it ends what the connection was for. */
function cutOff(client: Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}

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
