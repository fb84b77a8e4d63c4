import { constants, write, writeSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { assert } from '../../core/index.ts';
import type { GrowingObject } from '../store.ts';
import { putError } from './errors.ts';

/** On Linux one call writes and syncs; elsewhere only `fdatasync` is sure to reach the disk. */
const syncsItself = process.platform === 'linux';
/** Zeros are written so far ahead: an addition into a file that is long enough needs no change of its length, which halves what a sync costs. */
const roomBytes = 2 ** 20;
const zeros = Buffer.alloc(roomBytes);

/** A file of the store that is written at its end; see `Store.grow`. */
export class GrowingFile implements GrowingObject {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #where: string;
  readonly #bytesMax: number;
  #end: number;
  #length: number;
  /** Making room is a help: an addition that finds none makes it itself, and says what is wrong. */
  #making: Promise<void> | undefined;
  /** The bytes of an addition on their way to the disk. */
  #writing: Promise<void> | undefined;
  #mayMakeRoom = true;
  #isBroken = false;

  private constructor(file: FileHandle, path: string, where: string, end: number, bytesMax: number) {
    this.#file = file;
    this.#path = path;
    this.#where = where;
    this.#end = end;
    this.#length = end;
    this.#bytesMax = bytesMax;
  }

  /** Of a file that is there with its first bytes, durably. */
  static async of(path: string, where: string, end: number, bytesMax: number): Promise<GrowingFile> {
    try {
      const file = await open(path, constants.O_WRONLY | (syncsItself ? constants.O_DSYNC : 0));
      const growing = new GrowingFile(file, path, where, end, bytesMax);
      growing.#makeRoom();
      return growing;
    } catch (error) {
      throw putError(error, where);
    }
  }

  async add(parts: readonly Uint8Array[]): Promise<void> {
    assert(!this.#isBroken, 'an object does not grow any more after a failure');
    const bytes = parts.reduce((total, part) => total + part.length, 0);
    try {
      this.#writing = this.#write(parts, bytes);
      await this.#writing;
    } catch (error) {
      this.#isBroken = true;
      throw putError(error, this.#where);
    } finally {
      this.#writing = undefined;
    }
    this.#grew(bytes);
  }

  takesNow(bytes: number): boolean {
    return syncsItself && this.#writing === undefined && this.#end + bytes <= this.#length;
  }

  addNow(bytes: Uint8Array): void {
    assert(!this.#isBroken && this.takesNow(bytes.length), 'who adds now has asked');
    try {
      for (let done = 0; done < bytes.length;)
        done += writeSync(this.#file.fd, bytes, done, bytes.length - done, this.#end + done);
    } catch (error) {
      this.#isBroken = true;
      throw putError(error, this.#where);
    }
    this.#grew(bytes.length);
  }

  async close(): Promise<void> {
    await this.#making;
    // Whoever gave an addition up closes while it is under way: closed at once, its number could be that of another file when it is written.
    await this.#writing?.catch(() => {}); // told to whoever added
    await this.#file.close().catch(() => {}); // each addition was synced; there is nothing left to lose
  }

  async #write(parts: readonly Uint8Array[], bytes: number): Promise<void> {
    // The zeros must not come after the bytes.
    if (this.#end + bytes > this.#length) await this.#making;
    await writeAll(this.#file, parts, this.#end);
    if (!syncsItself) await this.#file.datasync();
  }

  #grew(bytes: number): void {
    this.#end += bytes;
    this.#length = Math.max(this.#length, this.#end);
    // Who adds much at once waits for the bytes, not for the length: zeros would only be written over.
    if (bytes < roomBytes / 4 && this.#length - this.#end < roomBytes / 2) this.#makeRoom();
  }

  #makeRoom(): void {
    const bytes = Math.min(roomBytes, this.#bytesMax - this.#length);
    if (bytes <= 0 || this.#making !== undefined || !this.#mayMakeRoom) return;
    this.#making = this.#writeZeros(this.#length, bytes)
      .then(
        () => void (this.#length += bytes),
        // A full disk: what is there is enough, or the next addition says so.
        () => void (this.#mayMakeRoom = false),
      )
      .finally(() => (this.#making = undefined));
  }

  /** Beside the additions, which stand before it. */
  async #writeZeros(position: number, bytes: number): Promise<void> {
    const file = await open(this.#path, constants.O_WRONLY);
    try {
      await writeAll(file, [zeros.subarray(0, bytes)], position);
      await file.datasync();
    } finally {
      await file.close();
    }
  }
}

async function writeAll(file: FileHandle, parts: readonly Uint8Array[], position: number): Promise<void> {
  const bytes = parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
  for (let done = 0; done < bytes.length;) {
    done += await writeSome(file, bytes.subarray(done), position + done);
  }
}

/** Thousands a second: the file's own method takes several times as long in this thread. */
const writeSome = (file: FileHandle, bytes: Uint8Array, position: number): Promise<number> =>
  new Promise((resolve, reject) => {
    write(file.fd, bytes, 0, bytes.length, position, (error, written) =>
      error === null ? resolve(written) : reject(error),
    );
  });
