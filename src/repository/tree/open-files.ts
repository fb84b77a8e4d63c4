import { closeSync, constants, ftruncateSync, open, openSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import type { StoredEntry } from '../../assets/index.ts';
import { limits, systemPath } from '../../core/index.ts';

/** A file that is being restored. */
export interface TargetFile {
  readonly path: string;
  readonly entry: StoredEntry;
  /** Pieces that are still to be written. */
  pieces: number;
  made: boolean;
}

interface Held {
  readonly file: number;
  /** Opened on the first use of it; `none` where the file system has no such thing. */
  direct?: number | 'none';
  users: number;
}

const openLater = promisify(open);
const create = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const again = constants.O_WRONLY | constants.O_NOFOLLOW;
/** Only Linux has it. */
const direct: number | undefined = constants.O_DIRECT;

/**
 * Keeps files open between two of their pieces, `limits.openFilesMax` at most. Each is made, and sized, on its first use, and
 * handed to `finish` while it is still open when its last piece is written.
 */
export class OpenFiles {
  readonly #finish: (target: TargetFile, file: number) => void;
  readonly #held = new Map<TargetFile, Held>();

  constructor(finish: (target: TargetFile, file: number) => void) {
    this.#finish = finish;
  }

  /** An empty file, or a hollow one. */
  writeEmpty(target: TargetFile): void {
    this.#fill(openTarget(target), target, Buffer.alloc(0));
  }

  /**
   * A file that has all its bytes at hand. To make a file is most of the work, and the system's: a thread of the pool waits for it
   * while the files before are written here.
   */
  async writeWhole(target: TargetFile, bytes: Buffer): Promise<void> {
    target.made = true;
    this.#fill(await openLater(systemPath(target.path), create, 0o600), target, bytes);
  }

  #fill(file: number, target: TargetFile, bytes: Buffer): void {
    try {
      writeAt(file, bytes, 0);
      if (bytes.length < target.entry.bytes) ftruncateSync(file, target.entry.bytes);
      target.pieces = 0;
      this.#finish(target, file);
    } finally {
      closeSync(file);
    }
  }

  write(target: TargetFile, bytes: Buffer, offset: number): void {
    const file = this.borrow(target);
    let written = false;
    try {
      if (target.entry.sparse === true) writeData(file, bytes, offset);
      else writeAt(file, bytes, offset);
      written = true;
    } finally {
      this.giveBack(target, written ? 1 : 0);
    }
  }

  /** The number of the file, open until `giveBack`. */
  borrow(target: TargetFile): number {
    let held = this.#held.get(target);
    if (held === undefined) {
      held = { file: openSized(target), users: 0 };
      this.#held.set(target, held);
    }
    held.users += 1;
    return held.file;
  }

  /** The same file, which is borrowed already, for writes past the system's cache; undefined where that cannot be had. */
  direct(target: TargetFile): number | undefined {
    const held = this.#held.get(target) as Held;
    held.direct ??= openDirect(target);
    return held.direct === 'none' ? undefined : held.direct;
  }

  /** `written`: so many more of the file's pieces are where they belong. */
  giveBack(target: TargetFile, written: number): void {
    const held = this.#held.get(target) as Held;
    held.users -= 1;
    target.pieces -= written;
    if (target.pieces === 0 && held.users === 0) this.#close(target, held, true);
    else if (this.#held.size > limits.openFilesMax) this.#closeIdle();
  }

  /** Closes what is open, however far it came. */
  closeAll(): void {
    for (const [target, held] of this.#held) this.#close(target, held, false);
  }

  #closeIdle(): void {
    for (const [target, held] of this.#held) {
      if (held.users === 0) return this.#close(target, held, false);
    }
  }

  #close(target: TargetFile, held: Held, finished: boolean): void {
    this.#held.delete(target);
    try {
      if (finished) this.#finish(target, held.file);
    } finally {
      if (typeof held.direct === 'number') closeSync(held.direct);
      closeSync(held.file);
    }
  }
}

function openTarget(target: TargetFile): number {
  const first = !target.made;
  target.made = true;
  return openSync(systemPath(target.path), first ? create : again, 0o600);
}

function openDirect(target: TargetFile): number | 'none' {
  if (direct === undefined) return 'none';
  try {
    return openSync(systemPath(target.path), again | direct);
  } catch {
    // As good as any refusal: then it is written as every other file, and what is really wrong shows there.
    return 'none';
  }
}

function openSized(target: TargetFile): number {
  const first = !target.made;
  const file = openTarget(target);
  try {
    // Sized at once: what no piece covers stays a hole, which reads as zeros.
    if (first) ftruncateSync(file, target.entry.bytes);
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function writeAt(file: number, bytes: Buffer, offset: number): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at, offset + at);
}

const blockBytes = 4096;
const zeroBlock = Buffer.alloc(blockBytes);

/** Leaves out the blocks of zeros: in a file that was just sized they are holes. */
function writeData(file: number, bytes: Buffer, offset: number): void {
  let start = 0;
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + blockBytes - ((offset + at) % blockBytes));
    if (zeroBlock.compare(bytes, at, end, 0, end - at) === 0) {
      if (start < at) writeAt(file, bytes.subarray(start, at), offset + start);
      start = end;
    }
    at = end;
  }
  if (start < bytes.length) writeAt(file, bytes.subarray(start), offset + start);
}
