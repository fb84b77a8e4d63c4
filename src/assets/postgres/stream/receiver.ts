import type { Client } from 'pg';
import { LifeboatError, systemClock, type Clock } from '../../../core/index.ts';
import { serverError } from '../link/connection.ts';
import { CopySocket } from '../base/copy-socket.ts';
import { lsnText } from '../lsn.ts';

export interface ReceiverEvents {
  /** The server has agreed to send its log. */
  begins?(): void;
  /** Bytes of the log from this position on; the memory is used again after the call. */
  data(start: bigint, bytes: Buffer): void;
  /** Whatever came, also a sign of life; `wantsReply`: the server ends the connection if it gets none. */
  heard(wantsReply: boolean): void;
}

export interface StartOfStream {
  /** Without one the server promises nothing of its own: another stream's slot keeps the log. */
  readonly slot: string | undefined;
  readonly timeline: number;
  readonly start: bigint;
  /** Nobody waits for what comes: it is read some milliseconds' worth at a time, which costs the machine of a busy server a fraction. */
  readonly inBursts?: boolean;
  readonly clock?: Clock;
}

/** Where the log goes on when a timeline has ended; `undefined` when the server ended the stream for another reason. */
export interface NextTimeline {
  readonly timeline: number;
  readonly at: bigint;
}

/** The parts of `pg`'s connection that its types do not show. */
interface WireConnection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  on(event: 'copyDone', listener: () => void): void;
  once(event: 'replicationStart', listener: () => void): void;
  readonly stream: { pause(): void; resume(): void; destroy(): void };
}

/** The server sends at most 128 KiB of log in a message; 256 KiB is none of a server. */
const messageBytesMax = 256 * 2 ** 10;
const dataKind = 'w'.charCodeAt(0);
const aliveKind = 'k'.charCodeAt(0);
const aliveBytes = 18;
/** What stands before the log in a message; the other messages are no longer. */
const dataHead = 25;
/** Between two bursts. */
const restMs = 20;
/** Whoever reads more at once does not rest: less than any buffer of the network between. */
const restBelowBytes = 32 * 2 ** 10;
/** Type and length of a message of copied data. */
const copyHead = 5;
const nothing = Buffer.alloc(0);
const epochMs = 946_684_800_000;

/** `START_REPLICATION` over a connection: what the server sends, and what we tell it. */
export class LogReceiver {
  readonly #events: ReceiverEvents;
  readonly #command: string;
  #wire: WireConnection | undefined;
  /** The first bytes of a message, which may come in parts. */
  readonly #head = Buffer.alloc(dataHead);
  readonly #headView = viewOf(this.#head);
  /** How many bytes of the message there were. */
  #received = 0;
  #copyEnded = false;
  readonly #status = emptyStatus();
  readonly #statusView = viewOf(this.#status);
  readonly #inBursts: boolean;
  readonly #clock: Clock;
  /** Of this burst. */
  #burstBytes = 0;
  /** The server had more, flushed, when it sent the newest message: over a slow line little is read at once all the same. */
  #isBehind = false;
  #isHeld = false;
  #rests = false;
  readonly #rows: string[][] = [];
  readonly #ended = Promise.withResolvers<NextTimeline | undefined>();

  constructor(client: Client, options: StartOfStream, events: ReceiverEvents) {
    const { slot, timeline, start, inBursts = false, clock = systemClock } = options;
    this.#events = events;
    this.#inBursts = inBursts;
    this.#clock = clock;
    const through = slot === undefined ? '' : `SLOT "${slot}" `;
    this.#command = `START_REPLICATION ${through}PHYSICAL ${lsnText(start)} TIMELINE ${timeline}`;
    this.#ended.promise.catch(() => {}); // whoever waits for it hears it
    client.on('error', (error) => this.#ended.reject(serverError(error)));
    client.on('end', () =>
      this.#ended.reject(new LifeboatError('asset.vanished', 'the server closed the connection of the stream')),
    );
    (client.query as (query: unknown) => void)({
      submit: (connection: WireConnection) => {
        this.#wire = connection;
        if (connection.stream instanceof CopySocket)
          connection.stream.divert((part, place) => this.#gather(part, place));
        connection.once('replicationStart', () => this.#events.begins?.());
        connection.on('copyDone', () => this.#copyDone());
        connection.query(this.#command);
      },
      handleRowDescription: () => {},
      handleDataRow: (row: { fields: string[] }) => void this.#rows.push(row.fields),
      handleCopyData: ({ chunk }: { chunk: Buffer }) =>
        this.#receive(chunk.subarray(0, dataHead), chunk.subarray(dataHead), 0),
      handleCommandComplete: () => {},
      handlePortalSuspended: () => {},
      handleEmptyQuery: () => {},
      handleReadyForQuery: () => this.#ended.resolve(nextOf(this.#rows[0])),
      handleError: (error: unknown) => this.#ended.reject(serverError(error)),
    });
  }

  /** Resolves when the timeline has ended; rejects when the connection broke or the server refused. */
  get ended(): Promise<NextTimeline | undefined> {
    return this.#ended.promise;
  }

  /** Tells the server how far we have it for good; it may forget the log before that, and lets commits go on that waited for it. */
  report(written: bigint, flushed: bigint, nowMs: number, wantsReply = false): void {
    if (this.#copyEnded) return;
    const message = this.#status;
    this.#statusView.setBigUint64(6, written);
    this.#statusView.setBigUint64(14, flushed);
    // Nothing is ever applied here: the eight bytes behind it stay zero.
    const microseconds = (Math.round(nowMs) - epochMs) * 1000;
    this.#statusView.setInt32(30, Math.floor(microseconds / 2 ** 32));
    this.#statusView.setUint32(34, microseconds % 2 ** 32);
    message[38] = wantsReply ? 1 : 0;
    const { stream } = this.#wire ?? {};
    if (stream instanceof CopySocket) stream.writeNow(message);
    else this.#wire?.sendCopyFromChunk(message.subarray(copyHead));
  }

  pause(): void {
    this.#isHeld = true;
    this.#wire?.stream.pause();
  }

  resume(): void {
    this.#isHeld = false;
    if (!this.#rests) this.#wire?.stream.resume();
  }

  abort(reason: LifeboatError): void {
    this.#ended.reject(reason);
    this.#wire?.stream.destroy();
  }

  #copyDone(): void {
    if (this.#copyEnded) return;
    this.#copyEnded = true;
    this.#wire?.endCopyFrom();
  }

  /** A message as it comes: the log in it goes on at once, so that it is copied once only. */
  #gather(part: Buffer, { first, last }: { first: boolean; last: boolean }): void {
    if (first) this.#received = 0;
    const copied = part.copy(this.#head, Math.min(this.#received, dataHead));
    const before = Math.max(this.#received, dataHead) - dataHead;
    this.#received += part.length;
    if (this.#received > messageBytesMax) {
      return this.abort(new LifeboatError('limit.exceeded', 'a message of the server is too long for a stream'));
    }
    if (this.#received > dataHead && this.#head[0] === dataKind)
      this.#receive(this.#head, part.subarray(copied), before);
    else if (last) this.#receive(this.#head.subarray(0, this.#received), nothing, 0);
  }

  /** The messages of one read come one after the other; behind the last of them it is known how much it was. */
  #count(bytes: number): void {
    if (this.#burstBytes === 0) queueMicrotask(() => void this.#rest());
    this.#burstBytes += bytes;
  }

  async #rest(): Promise<void> {
    const bytes = this.#burstBytes;
    this.#burstBytes = 0;
    if (bytes >= restBelowBytes || this.#isBehind || this.#rests || this.#copyEnded) return;
    this.#rests = true;
    this.#wire?.stream.pause();
    await this.#clock.sleep(restMs);
    this.#rests = false;
    if (!this.#isHeld) this.#wire?.stream.resume();
  }

  /** `before`: bytes of the log of this message that were here already. */
  #receive(head: Buffer, log: Buffer, before: number): void {
    if (this.#inBursts) this.#count(before === 0 ? dataHead + log.length : log.length);
    try {
      if (head[0] === dataKind && head.length === dataHead) {
        const view = head === this.#head ? this.#headView : viewOf(head);
        const first = view.getBigUint64(1);
        const start = before === 0 ? first : first + BigInt(before);
        if (this.#inBursts) this.#isBehind = view.getBigUint64(9) > start + BigInt(log.length);
        this.#events.heard(false);
        this.#events.data(start, log);
      } else if (head[0] === aliveKind && head.length >= aliveBytes) this.#events.heard(head[17] === 1);
    } catch (error) {
      this.abort(serverError(error));
    }
  }
}

/** Reads and writes numbers of 64 bits in one step, where a buffer's own methods take five. */
const viewOf = ({ buffer, byteOffset, length }: Buffer): DataView => new DataView(buffer, byteOffset, length);

/** A status update as it goes over the wire, made once: where commits wait there are thousands a second. */
function emptyStatus(): Buffer {
  const message = Buffer.alloc(copyHead + 34);
  message.write('d', 'latin1');
  // The length counts itself, but not the type before it.
  message.writeUInt32BE(message.length - 1, 1);
  message.write('r', copyHead, 'latin1');
  return message;
}

function nextOf(row: readonly string[] | undefined): NextTimeline | undefined {
  const [timeline, at] = row ?? [];
  if (timeline === undefined || at === undefined) return undefined;
  const [high = '0', low = '0'] = at.split('/');
  return { timeline: Number(timeline), at: (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`) };
}
