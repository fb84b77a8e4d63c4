import { readFile } from 'node:fs/promises';
import { LifeboatError, limits, systemClock } from '../../../core/index.ts';
import { Crc32c } from '../crc32c.ts';

/** Where the checksum may stand: it ends what the file says, and versions have more and more to say. */
const [sumFrom, sumTo] = [200, 1024];

/**
 * The bytes of `pg_control`, whole: the server writes it again and again while we read, so its own checksum has the word.
 * Throws `asset.corrupt`.
 */
export async function readControlFile(path: string): Promise<Buffer> {
  for (let reread = 0; ; reread += 1) {
    const bytes = await readFile(path);
    if (isWhole(bytes)) return bytes;
    if (reread === limits.rereadsMax) break;
    await systemClock.sleep(10 << reread);
  }
  throw new LifeboatError('asset.corrupt', `${path} does not match its own checksum`, {
    where: path,
    hint: 'Check the disk. The server keeps what it needs of it in memory: do not stop it before you have another backup.',
  });
}

function isWhole(bytes: Buffer): boolean {
  for (let at = sumFrom; at <= Math.min(sumTo, bytes.length - 4); at += 4) {
    const sum = new Crc32c();
    sum.update(bytes.subarray(0, at));
    if (sum.hex() === bytes.toString('hex', at, at + 4)) return true;
  }
  return false;
}
