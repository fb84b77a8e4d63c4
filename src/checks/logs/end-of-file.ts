import { open } from 'node:fs/promises';
import { LifeboatError, limits, messageOf } from '../../core/index.ts';

/** The last lines of a file, as many as fit into `limits.logBytesMax`; a line that is cut at the front is left out. Throws `check.unanswered`. */
export async function endOfFile(path: string): Promise<{ lines: string[]; isWhole: boolean }> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const from = Math.max(0, size - limits.logBytesMax);
      const bytes = Buffer.alloc(size - from);
      let read = 0;
      while (read < bytes.length) {
        const { bytesRead } = await file.read(bytes, read, bytes.length - read, from + read);
        if (bytesRead === 0) break; // it was cut meanwhile
        read += bytesRead;
      }
      const lines = bytes.subarray(0, read).toString('utf8').split('\n');
      if (from > 0) lines.shift();
      return { lines: lines.filter((line) => line !== ''), isWhole: from === 0 };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new LifeboatError('check.unanswered', `the log cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
