import { writeSync } from 'node:fs';
import { Socket } from 'node:net';

/** Reads of the network come in pieces of at most this, into one buffer: a new one for each would keep the garbage collector busy. */
const readBytes = 256 * 2 ** 10;
const copyData = 'd'.charCodeAt(0);
const headBytes = 5;

/** A part of the body of a message of copied data; a view that is valid only during the call. */
export type TakeCopied = (part: Buffer, position: { readonly first: boolean; readonly last: boolean }) => void;

/**
 * A socket for a connection without TLS that keeps copied data away from the parser of the driver, which would make several objects
 * of each message: a backup is hundreds of thousands of them. Everything else arrives by the event `data` as from any socket.
 */
export class CopySocket extends Socket {
  #take: TakeCopied | undefined;
  readonly #head = Buffer.alloc(headBytes);
  #headFilled = 0;
  /** Of the body of the message that is being read. */
  #left = 0;
  #isFirst = false;

  constructor() {
    super({
      onread: {
        buffer: Buffer.allocUnsafeSlow(readBytes),
        callback: (bytes: number, buffer: Uint8Array): boolean => {
          this.#receive(Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
          return true;
        },
      },
    } as ConstructorParameters<typeof Socket>[0]);
  }

  /**
   * As `write`, without its way through the stream where nothing waits before it: an answer for which commits wait costs half. The bytes may be used again at
   * once. What the system does not take now, and what is wrong with the connection, goes the usual way.
   */
  writeNow(bytes: Buffer): void {
    const taken = this.writableLength === 0 ? this.#writeSome(bytes) : 0;
    if (taken < bytes.length) this.write(Buffer.from(bytes.subarray(taken)));
  }

  #writeSome(bytes: Buffer): number {
    // oxlint-disable-next-line no-underscore-dangle -- Node names the system's number of a socket nowhere else
    const { fd } = (this as unknown as { _handle?: { fd?: number } | null })._handle ?? {};
    if (fd === undefined || fd < 0 || !this.writable || this.connecting) return 0;
    try {
      return writeSync(fd, bytes);
    } catch {
      return 0;
    }
  }

  /** From the next message on. */
  divert(take: TakeCopied): void {
    this.#take = take;
  }

  #receive(bytes: Buffer): void {
    // What is passed on is copied: the buffer is read into again as soon as this returns.
    for (let at = 0; at < bytes.length;) {
      at += this.#left === 0 ? this.#takeHead(bytes, at) : this.#takeBody(bytes, at);
    }
  }

  #takeHead(bytes: Buffer, at: number): number {
    const copied = bytes.copy(this.#head, this.#headFilled, at, at + headBytes - this.#headFilled);
    this.#headFilled += copied;
    if (this.#headFilled < headBytes) return copied;
    this.#headFilled = 0;
    // The length counts itself, but not the type before it.
    this.#left = this.#head.readUInt32BE(1) - 4;
    this.#isFirst = true;
    if (!this.#isDiverted) this.emit('data', Buffer.from(this.#head));
    return copied;
  }

  #takeBody(bytes: Buffer, at: number): number {
    const part = bytes.subarray(at, at + this.#left);
    this.#left -= part.length;
    if (this.#isDiverted) this.#take?.(part, { first: this.#isFirst, last: this.#left === 0 });
    else this.emit('data', Buffer.from(part));
    this.#isFirst = false;
    return part.length;
  }

  get #isDiverted(): boolean {
    return this.#take !== undefined && this.#head[0] === copyData;
  }
}
