import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withFolder } from '../testing/fixtures.ts';
import { DirectWriter } from './direct-writer.ts';

const without = process.platform === 'linux' ? undefined : 'skipped: only Linux opens files past its cache';
const reason = without === undefined ? '' : ` (${without})`;

/** Writes pieces of these sizes one after another through a second file that is opened by `openDirect`. */
async function written(sizes: readonly number[], openDirect: (path: string) => number): Promise<[Buffer, Buffer]> {
  return withFolder(async (folder) => {
    const path = join(folder, 'file');
    const [file, direct] = [openSync(path, 'w'), openDirect(path)];
    const bytes = randomBytes(sizes.reduce((sum, size) => sum + size, 0));
    try {
      const writer = new DirectWriter();
      let offset = 0;
      for (const size of sizes) {
        const target = { file, direct, offset };
        expect(writer.takes(target, size)).toBe(true);
        await writer.write(target, bytes.subarray(offset, offset + size));
        offset += size;
      }
      await writer.finish();
      await writer.settle();
    } finally {
      closeSync(direct);
      closeSync(file);
    }
    return [readFileSync(path), bytes];
  });
}

describe('writing past the cache of the system', () => {
  test.skipIf(without !== undefined)(`joins what follows each other, however large${reason}`, async () => {
    const sizes = [8_192, 512 * 1024, 4096, 3 * 2 ** 20 + 8_192, 512 * 1024, 2 ** 20];
    const [found, bytes] = await written(sizes, (path) => openSync(path, constants.O_WRONLY | constants.O_DIRECT));
    expect(found.equals(bytes)).toBe(true);
  });

  test.skipIf(without !== undefined)(
    `goes through the cache where a file system says that it cannot${reason}`,
    async () => {
      // A file of the system that answers EINVAL to what is no number, as some file systems do to such a write.
      const [found, bytes] = await written([2 ** 20, 8_192], () => openSync('/proc/self/oom_score_adj', 'w'));
      expect(found.equals(bytes)).toBe(true);
    },
  );

  test.skipIf(without !== undefined)(`throws what the disk says, and leaves nothing under way${reason}`, async () => {
    await expect(written([2 ** 20, 4096], () => openSync('/dev/full', 'w'))).rejects.toMatchObject({ code: 'ENOSPC' });
  });

  test('does not take what begins or ends inside a page', () => {
    const writer = new DirectWriter();
    expect(writer.takes({ file: 1, direct: 2, offset: 4096 }, 8_192)).toBe(true);
    expect(writer.takes({ file: 1, direct: 2, offset: 512 }, 8_192)).toBe(false);
    expect(writer.takes({ file: 1, direct: 2, offset: 0 }, 8_191)).toBe(false);
    expect(writer.takes({ file: 1, offset: 0 }, 8_192)).toBe(false);
  });
});
