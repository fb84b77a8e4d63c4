import type { Client } from 'pg';
import { LifeboatError, limits, systemClock } from '../../../core/index.ts';
import { serverError } from '../link/connection.ts';
import { CopySocket } from './copy-socket.ts';
import { Gathering } from './gathering.ts';
import { TarReader, type TarHeader } from './tar.ts';

export interface BackupStart {
  readonly lsn: string;
  readonly timeline: number;
  /** By object id; the location is where the source keeps it. */
  readonly tablespaces: readonly { readonly oid: string; readonly location: string }[];
}

export interface BackupEnd {
  readonly lsn: string;
  readonly timeline: number;
}

export type BackupItem =
  | { readonly kind: 'archive'; readonly tablespace: string | undefined }
  | { readonly kind: 'entry'; readonly header: TarHeader }
  /** `limits.fixedChunkBytes` of a file, or what is left at its end, with memory of its own. */
  | { readonly kind: 'data'; readonly bytes: Buffer }
  | { readonly kind: 'end' };

/** Bytes that wait for the consumer before the server is told to pause, by not reading its socket any more. */
const waitingBytesMax = 2 * 2 ** 20;
/** What an entry without content counts for: a cluster may have a hundred thousand empty files. */
const entryBytes = 512;

const archiveData = 'd'.charCodeAt(0);
/** What announces an archive holds a name and a path; anything longer is no server's. */
const shortMessageBytesMax = 64 * 2 ** 10;

/** The parts of `pg`'s connection that its types do not show. */
interface WireConnection {
  query(text: string): void;
  readonly stream: { pause(): void; resume(): void; destroy(): void };
}

interface Row {
  readonly fields: readonly (string | null)[];
}

/**
 * `BASE_BACKUP` over a replication connection. `items()` gives what the server sends, in order; `start` and `end` are known
 * before the first and after the last item. The socket is read only as fast as the items are taken.
 */
export class BaseBackup {
  #rowSets: Row[][] = [];
  #waiting: BackupItem[] = [];
  #waitingBytes = 0;
  readonly #gathering = new Gathering((bytes) => this.#offer({ kind: 'data', bytes }));
  #manifest: Buffer[] = [];
  #manifestBytes = 0;
  #inManifest = false;
  #tar: TarReader | undefined;
  #wake: (() => void) | undefined;
  #failure: unknown;
  #damaged: string | undefined;
  #finished = false;
  #wire: WireConnection | undefined;
  readonly #command: string;
  /** The text of `backup_label`, once it has passed. */
  label = '';

  constructor(client: Client, command: string) {
    this.#command = command;
    client.on('error', (error) => this.#fail(error));
    client.on('end', () =>
      this.#fail(new LifeboatError('asset.vanished', 'the server closed the connection in the middle of the backup')),
    );
    client.on('notice', ({ message }) => {
      // The server warns of each damaged page, sends the file all the same, and fails at the very end without naming it.
      this.#damaged ??= /checksum verification fail\w* in (?:file )?"([^"]+)"[^;]*/.exec(message ?? '')?.[0];
    });
    // `pg` drives anything that has `submit` and these handlers; its own query class has no use for copied data.
    (client.query as (query: unknown) => void)({
      submit: (connection: WireConnection) => {
        this.#wire = connection;
        if (connection.stream instanceof CopySocket) this.#divert(connection.stream);
        connection.query(this.#command);
      },
      handleRowDescription: () => void this.#rowSets.push([]),
      handleDataRow: (row: Row) => void this.#rowSets.at(-1)?.push(row),
      handleCopyData: (message: { chunk: Buffer }) =>
        this.#receive(message.chunk[0] as number, message.chunk.subarray(1)),
      handleCommandComplete: () => {},
      handlePortalSuspended: () => {},
      handleEmptyQuery: () => {},
      handleReadyForQuery: () => this.#finish(),
      handleError: (error: unknown) => this.#fail(error),
    });
  }

  async *items(): AsyncGenerator<BackupItem, void, void> {
    for (;;) {
      for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) {
        this.#waitingBytes -= weightOf(item);
        if (this.#waitingBytes < waitingBytesMax / 2) this.#wire?.stream.resume();
        yield item;
      }
      if (this.#failure !== undefined) throw this.#explained();
      if (this.#finished) return;
      await this.#nextNews();
    }
  }

  /** Throws `asset.vanished` when the server keeps silent for too long: a network that died tells nobody. */
  async #nextNews(): Promise<void> {
    const patience = new AbortController();
    const news = new Promise<'news'>((resolve) => (this.#wake = () => resolve('news')));
    const silence = systemClock.sleep(limits.serverSilenceMs, patience.signal).then(
      () => 'silence' as const,
      () => 'news' as const, // nobody waits any more
    );
    const first = await Promise.race([news, silence]);
    patience.abort();
    if (first === 'silence') {
      this.abort(
        new LifeboatError('asset.vanished', `the server sent nothing for ${limits.serverSilenceMs / 60_000} minutes`),
      );
    }
  }

  /** Known once the first item was given. */
  get start(): BackupStart {
    const [position, tablespaces] = this.#rowSets;
    const { lsn, timeline } = positionOf(position);
    return {
      lsn,
      timeline,
      tablespaces: (tablespaces ?? []).flatMap(({ fields: [oid, location] }) =>
        typeof oid === 'string' ? [{ oid, location: location ?? '' }] : [],
      ),
    };
  }

  /** Known when the items have ended. */
  get end(): BackupEnd {
    return positionOf(this.#rowSets.at(-1));
  }

  /** The server's own list of what it sent. */
  get manifest(): Buffer {
    return Buffer.concat(this.#manifest);
  }

  /** Whether the server has said that the backup is over, well or not. */
  get ended(): boolean {
    return this.#finished;
  }

  /** Breaks the connection: the server ends the backup at once. */
  abort(reason: unknown): void {
    this.#fail(reason);
    this.#wire?.stream.destroy();
  }

  /** Archives are taken as they come; the other messages are short, and taken when they are whole. */
  #divert(socket: CopySocket): void {
    let kind = 0;
    let message: Buffer = Buffer.alloc(0);
    socket.divert((part, { first, last }) => {
      const body = first ? part.subarray(1) : part;
      if (first) kind = part[0] as number;
      if (kind === archiveData) return this.#receive(kind, body);
      message = Buffer.concat(first ? [body] : [message, body]);
      if (message.length > shortMessageBytesMax)
        return this.abort(new LifeboatError('limit.exceeded', 'a message of the server is too long for a backup'));
      if (last) this.#receive(kind, message);
    });
  }

  #receive(kind: number, body: Buffer): void {
    try {
      const type = String.fromCharCode(kind);
      if (type === 'n') this.#beginArchive(body);
      else if (type === 'm') this.#beginManifest();
      else if (type === 'd' && this.#inManifest) this.#keepManifest(body);
      else if (type === 'd') this.#tar?.push(body);
      // `p` tells the server's progress; ours is counted from what arrives.
      if (this.#waitingBytes > waitingBytesMax) this.#wire?.stream.pause();
    } catch (error) {
      this.abort(error);
    }
  }

  #beginArchive(body: Buffer): void {
    this.#mustBeWhole();
    const [name = ''] = body.toString('utf8').split('\0');
    const oid = /^(\d+)\.tar$/.exec(name)?.[1];
    this.#offer({ kind: 'archive', tablespace: oid });
    this.#tar = new TarReader({
      entry: (header) => this.#offer({ kind: 'entry', header }),
      data: (bytes) => this.#gathering.push(bytes),
      end: () => {
        this.#gathering.flush();
        this.#offer({ kind: 'end' });
      },
    });
  }

  #beginManifest(): void {
    this.#mustBeWhole();
    this.#tar = undefined;
    this.#inManifest = true;
  }

  #keepManifest(body: Buffer): void {
    this.#manifestBytes += body.length;
    if (this.#manifestBytes > limits.documentBytesMax)
      throw new LifeboatError('limit.exceeded', "the server's list of the backup is larger than we can hold");
    this.#manifest.push(Buffer.from(body));
  }

  #mustBeWhole(): void {
    if (this.#tar?.whole === false)
      throw new LifeboatError('asset.vanished', 'the server ended an archive in the middle of a file');
  }

  #offer(item: BackupItem): void {
    this.#waiting.push(item);
    this.#waitingBytes += weightOf(item);
    this.#rouse();
  }

  #finish(): void {
    try {
      this.#mustBeWhole();
    } catch (error) {
      return this.#fail(error);
    }
    this.#finished = true;
    this.#rouse();
  }

  #fail(error: unknown): void {
    if (this.#finished) return;
    this.#failure ??= error;
    this.#rouse();
  }

  #explained(): LifeboatError {
    const error = serverError(this.#failure);
    if (error.code !== 'asset.corrupt' || this.#damaged === undefined) return error;
    return new LifeboatError(error.code, `the server found a damaged page: ${this.#damaged}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    });
  }

  #rouse(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

const weightOf = (item: BackupItem): number =>
  item.kind === 'data' ? item.bytes.length : item.kind === 'entry' ? entryBytes : 0;

function positionOf(rows: readonly Row[] | undefined): { lsn: string; timeline: number } {
  const [lsn, timeline] = rows?.[0]?.fields ?? [];
  if (typeof lsn !== 'string' || typeof timeline !== 'string') {
    throw new LifeboatError('asset.vanished', 'the server did not say where in its log the backup is');
  }
  return { lsn, timeline: Number(timeline) };
}
