import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemCodeOf } from '../../core/index.ts';
import { scratchError } from '../scratch-error.ts';

/**
 * Bytes that nobody else reads, in a file without a name where temporary files are kept (TMPDIR, else /var/tmp, as SQLite does). It is gone when it is closed, when nobody
 * can use it any more, or when the process ends, in whatever way. Everything throws `disk.full` where that disk has no room, `disk.io` where it fails.
 */
export class ScratchFile {
  /** For threads of this process, while this object is alive. */
  readonly number: number;

  constructor() {
    this.number = inWords(openNameless);
    forgotten.register(this, this.number, this);
  }

  write(bytes: Uint8Array, at: number): void {
    inWords(() => {
      for (let done = 0; done < bytes.length;)
        done += writeSync(this.number, bytes, done, bytes.length - done, at + done);
    });
  }

  close(): void {
    forgotten.unregister(this);
    closeSync(this.number);
  }
}

/** Fills all of `into`, in any thread. */
export function readScratch(file: number, into: Uint8Array, at: number): void {
  inWords(() => {
    for (let done = 0; done < into.length;) {
      const more = readSync(file, into, done, into.length - done, at + done);
      if (more === 0)
        throw new Error(`it ends at ${at + done}, and what was written there is ${into.length} bytes from ${at} on`);
      done += more;
    }
  });
}

const forgotten = new FinalizationRegistry<number>((number) => closeSync(number));

function openNameless(): number {
  const { TMPDIR } = process.env;
  const folders = [...(TMPDIR === undefined || TMPDIR === '' ? [] : [TMPDIR]), '/var/tmp', tmpdir()];
  for (const [i, folder] of folders.entries()) {
    const path = join(folder, `lifeboat-${randomUUID()}`);
    try {
      const number = openSync(path, 'wx+', 0o600);
      unlinkSync(path);
      return number;
    } catch (error) {
      const isNoPlace = ['ENOENT', 'ENOTDIR', 'EACCES', 'EROFS'].includes(systemCodeOf(error) ?? '');
      if (!isNoPlace || i === folders.length - 1) throw error;
    }
  }
  throw new Error('there is always a folder for temporary files');
}

function inWords<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const isFull = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(systemCodeOf(error) ?? '');
    throw scratchError(isFull ? 'full' : 'failed', 'Where the chunks of a large repository are is kept there.', error);
  }
}
