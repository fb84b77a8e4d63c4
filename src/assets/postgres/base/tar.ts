import { LifeboatError } from '../../../core/index.ts';

export interface TarHeader {
  /** Normalised: no leading `./`, no trailing `/`. */
  readonly path: string;
  readonly type: 'file' | 'folder' | 'symlink';
  readonly mode: number;
  readonly bytes: number;
  readonly modifiedNs: bigint;
  readonly target: string;
}

export interface TarEvents {
  entry(header: TarHeader): void;
  /** A view that is valid only during the call. */
  data(piece: Buffer): void;
  end(): void;
}

const blockBytes = 512;

/**
 * Reads the tar stream of a base backup as it arrives, in pieces of any size: ustar headers as PostgreSQL writes them (names up to
 * 99 bytes, sizes beyond 8 GiB in base 256). Holds at most one header. Throws `asset.unsupported` on anything else.
 */
export class TarReader {
  readonly #events: TarEvents;
  readonly #header = Buffer.alloc(blockBytes);
  #headerFilled = 0;
  #contentLeft = 0;
  #paddingLeft = 0;

  constructor(events: TarEvents) {
    this.#events = events;
  }

  push(piece: Buffer): void {
    for (let at = 0; at < piece.length;) at += this.#take(piece, at);
  }

  /** Whether the stream stopped between two entries. */
  get whole(): boolean {
    return this.#headerFilled === 0 && this.#contentLeft === 0 && this.#paddingLeft === 0;
  }

  #take(piece: Buffer, at: number): number {
    if (this.#contentLeft > 0) {
      const length = Math.min(this.#contentLeft, piece.length - at);
      this.#events.data(piece.subarray(at, at + length));
      this.#contentLeft -= length;
      if (this.#contentLeft === 0) this.#events.end();
      return length;
    }
    if (this.#paddingLeft > 0) {
      const length = Math.min(this.#paddingLeft, piece.length - at);
      this.#paddingLeft -= length;
      return length;
    }
    const length = piece.copy(this.#header, this.#headerFilled, at, at + blockBytes - this.#headerFilled);
    this.#headerFilled += length;
    if (this.#headerFilled === blockBytes) this.#begin();
    return length;
  }

  #begin(): void {
    this.#headerFilled = 0;
    // Two empty blocks mark the end of an archive; nothing but the next archive follows.
    if (this.#header.every((byte) => byte === 0)) return;
    const header = parseHeader(this.#header);
    this.#contentLeft = header.type === 'file' ? header.bytes : 0;
    this.#paddingLeft = (blockBytes - (this.#contentLeft % blockBytes)) % blockBytes;
    this.#events.entry(header);
    if (this.#contentLeft === 0) this.#events.end();
  }
}

function parseHeader(block: Buffer): TarHeader {
  if (block.toString('latin1', 257, 262) !== 'ustar') throw strange('it is not a tar header');
  if (checksumOf(block) !== octal(block, 148, 8)) throw strange('the checksum of a tar header is wrong');
  const types: Readonly<Record<string, TarHeader['type']>> = {
    '0': 'file',
    '\0': 'file',
    '5': 'folder',
    '2': 'symlink',
  };
  const flag = String.fromCharCode(block[156] as number);
  const type = types[flag];
  if (type === undefined) throw strange(`a tar entry of type "${flag}" is not known`);
  const path = normalised(text(block, 345, 155), text(block, 0, 100));
  if (path.split('/').includes('..')) throw strange('the path of a tar entry leads out of the archive');
  return {
    path,
    type,
    mode: octal(block, 100, 8) & 0o7777,
    bytes: size(block),
    modifiedNs: BigInt(octal(block, 136, 12)) * 1_000_000_000n,
    target: text(block, 157, 100),
  };
}

const normalised = (prefix: string, name: string): string =>
  [prefix, name]
    .join('/')
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');

function text(block: Buffer, offset: number, length: number): string {
  const field = block.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? length : end);
}

/** Digits in base 8, ended or surrounded by spaces and zero bytes; an empty field is 0. */
function octal(block: Buffer, offset: number, length: number): number {
  const digits = text(block, offset, length).trim();
  if (!/^[0-7]*$/.test(digits)) throw strange(`"${digits}" is not a number in a tar header`);
  return Number.parseInt(digits || '0', 8);
}

/** Base 256 when the first bit is set: PostgreSQL writes it for files of 8 GiB and more. */
function size(block: Buffer): number {
  const first = block[124] as number;
  if (first < 0x80) return octal(block, 124, 12);
  const bytes = block.subarray(125, 136).reduce((total, byte) => total * 256 + byte, first & 0x7f);
  if (!Number.isSafeInteger(bytes)) throw strange('the size of a tar entry is beyond all bounds');
  return bytes;
}

/** The sum of all bytes, the checksum's own eight counted as spaces. */
function checksumOf(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let i = 0; i < blockBytes; i += 1) if (i < 148 || i >= 156) sum += block[i] as number;
  return sum;
}

const strange = (what: string): LifeboatError =>
  new LifeboatError('asset.unsupported', `the server sent something we do not understand: ${what}`, {
    hint: 'Is a proxy between us and PostgreSQL? Connect to the server itself.',
  });
