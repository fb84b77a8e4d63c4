import { open, type FileHandle } from 'node:fs/promises';
import { assert, LifeboatError, limits } from '../../core/index.ts';

/** One file of an archive: read from `from`, or these bytes. */
export interface TarEntry {
  readonly path: string;
  readonly mode: number;
  readonly modifiedMs: number;
  readonly from: string;
  readonly bytes: number;
}

const block = 512;

/** Writes a POSIX archive (ustar) that every `tar` reads, and waits until it is durable. */
export async function writeTar(target: string, entries: readonly TarEntry[]): Promise<void> {
  const file = await open(target, 'wx', 0o644);
  try {
    for (const entry of entries) {
      await file.write(headerOf(entry));
      await copyInto(file, entry);
      await file.write(Buffer.alloc((block - (entry.bytes % block)) % block));
    }
    await file.write(Buffer.alloc(2 * block));
    await file.sync();
  } finally {
    await file.close();
  }
}

async function copyInto(file: FileHandle, { from, bytes }: TarEntry): Promise<void> {
  const source = await open(from, 'r');
  const room = Buffer.alloc(limits.rangeBytes);
  try {
    for (let done = 0; done < bytes;) {
      const { bytesRead } = await source.read(room, 0, Math.min(room.length, bytes - done), done);
      if (bytesRead === 0) throw new LifeboatError('input.file', `${from} became shorter while it was read`);
      await file.write(room.subarray(0, bytesRead));
      done += bytesRead;
    }
  } finally {
    await source.close();
  }
}

function headerOf({ path, mode, modifiedMs, bytes }: TarEntry): Buffer {
  const header = Buffer.alloc(block);
  const name = Buffer.from(path);
  assert(name.length <= 255, 'a path of a kit is short');
  // A long path stands in two fields, cut at a slash.
  const cut = name.length <= 100 ? 0 : path.indexOf('/', path.length - 100);
  assert(cut >= 0 && cut <= 155, 'a path of a kit can be cut in two');
  header.write(cut === 0 ? path : path.slice(cut + 1), 0);
  if (cut > 0) header.write(path.slice(0, cut), 345);
  octal(header, mode, 100, 8);
  octal(header, 0, 108, 8);
  octal(header, 0, 116, 8);
  octal(header, bytes, 124, 12);
  octal(header, Math.floor(modifiedMs / 1000), 136, 12);
  header.fill(' ', 148, 156);
  header.write('0', 156);
  header.write('ustar\x0000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

function octal(header: Buffer, value: number, offset: number, length: number): void {
  header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, 'latin1');
}

/** A file inside an archive, and where its bytes begin. */
export interface TarMember {
  readonly path: string;
  readonly bytes: number;
  readonly offset: number;
}

/** The files of an archive that `writeTar` wrote. Throws `input.file` for anything else, and for one that is cut. */
export async function readTar(file: FileHandle, name: string): Promise<TarMember[]> {
  const members: TarMember[] = [];
  const { size } = await file.stat();
  const header = Buffer.alloc(block);
  for (let offset = 0; ;) {
    const { bytesRead } = await file.read(header, 0, block, offset);
    if (bytesRead < block) throw notWhole(name);
    if (header.every((byte) => byte === 0)) return members;
    const text = (from: number, length: number): string =>
      header.toString('utf8', from, from + length).replace(/\0.*$/s, '');
    const bytes = Number.parseInt(text(124, 12), 8);
    if (text(257, 5) !== 'ustar' || !Number.isSafeInteger(bytes) || offset + block + bytes > size) throw notWhole(name);
    const prefix = text(345, 155);
    members.push({ path: `${prefix === '' ? '' : `${prefix}/`}${text(0, 100)}`, bytes, offset: offset + block });
    if (members.length > limits.kitFilesMax) throw notWhole(name);
    offset += block + Math.ceil(bytes / block) * block;
  }
}

const notWhole = (name: string): LifeboatError =>
  new LifeboatError('input.file', `${name} is no whole archive of a kit`, {
    hint: 'Make a new one: lifeboat kit --to FILE.tar',
  });
