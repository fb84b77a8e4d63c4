import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { limits } from '../core/index.ts';

/** A file that is being restored. */
export interface TargetFile {
  readonly path: string;
  readonly bytes: number;
  /** Pieces that are still to be written. */
  pieces: number;
  made: boolean;
}

interface Held {
  readonly handle: Promise<FileHandle>;
  users: number;
}

const create = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const again = constants.O_WRONLY | constants.O_NOFOLLOW;

/** Keeps files open between two of their chunks, `limits.openFilesMax` at most. Each is made, and sized, on its first use. */
export class OpenFiles {
  readonly #held = new Map<TargetFile, Held>();

  async write(file: TargetFile, bytes: Buffer, offset: number): Promise<void> {
    const handle = await this.borrow(file);
    try {
      for (let at = 0; at < bytes.length;) {
        const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, offset + at);
        at += bytesWritten;
      }
    } catch (error) {
      await this.giveBack(file, false);
      throw error;
    }
    await this.giveBack(file, true);
  }

  /** The file, open until `giveBack`. */
  async borrow(file: TargetFile): Promise<FileHandle> {
    const held = this.#hold(file);
    try {
      return await held.handle;
    } catch (error) {
      held.users -= 1;
      throw error;
    }
  }

  /** `written`: one more of the file's pieces is where it belongs. */
  async giveBack(file: TargetFile, written: boolean): Promise<void> {
    const held = this.#held.get(file) as Held;
    held.users -= 1;
    if (written) file.pieces -= 1;
    if (file.pieces === 0 && held.users === 0) await this.#close(file, held);
    else if (this.#held.size > limits.openFilesMax) await this.#closeIdle();
  }

  /** A handle of its own, to finish the file with; made now if it is empty. */
  reopen(file: TargetFile): Promise<FileHandle> {
    return openTarget(file);
  }

  async closeAll(): Promise<void> {
    for (const [file, held] of this.#held) await this.#close(file, held);
  }

  #hold(file: TargetFile): Held {
    const held = this.#held.get(file) ?? { handle: openTarget(file), users: 0 };
    held.users += 1;
    this.#held.set(file, held);
    return held;
  }

  async #closeIdle(): Promise<void> {
    for (const [file, held] of this.#held) {
      if (held.users === 0) return this.#close(file, held);
    }
  }

  async #close(file: TargetFile, held: Held): Promise<void> {
    this.#held.delete(file);
    const handle = await held.handle.catch(() => undefined); // whoever wrote to it got the error
    await handle?.close();
  }
}

async function openTarget(file: TargetFile): Promise<FileHandle> {
  const first = !file.made;
  file.made = true;
  const handle = await open(file.path, first ? create : again, 0o600);
  if (!first) return handle;
  try {
    // Sized at once: what no piece covers stays a hole, which reads as zeros.
    await handle.truncate(file.bytes);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}
