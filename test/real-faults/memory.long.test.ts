import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { whyNoMemoryLimit } from './machine.ts';
import { RealPlace, runWithin } from './real-place.ts';

const because = whyNoMemoryLimit === undefined ? '' : `: ${whyNoMemoryLimit}`;
const mebibyte = 2 ** 20;

it.skipIf(whyNoMemoryLimit !== undefined)(
  `a process that may take 400 MiB backs up, verifies and restores 600 MiB that nothing compresses${because}`,
  async () => {
    const real = await RealPlace.make(await mkdtemp(join(tmpdir(), 'lifeboat-memory-')));
    try {
      for (let part = 0; part < 60; part += 1) {
        await appendFile(real.path('docs', `large-${part % 3}`), randomBytes(10 * mebibyte));
      }
      await real.mustRun('store', 'init');
      for (const words of [
        ['backup', 'docs'],
        ['verify', '--all'],
        ['restore', 'docs', '--to', './out'],
      ]) {
        const answer = await runWithin(real, 400 * mebibyte, ...words);
        expect(answer.exitCode, `${words.join(' ')}: ${answer.said}`).toBe(0);
      }
    } finally {
      await real.remove();
    }
  },
);
