import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whyNoMount } from '../../src/testing/mounting.ts';
import { Mount, whyNoMemoryLimit, whyNoProcessLimits } from './machine.ts';
import { codeOf, pointsOf, RealPlace, runWithin } from './real-place.ts';

/** Real programs on a busy machine; the long sweeps run for as long as a file may. */
const timeout = process.env['LIFEBOAT_TEST_LONG'] === '1' ? 3_600_000 : 240_000;

const reason = (why: string | undefined): string => (why === undefined ? '' : `: ${why}`);
const mebibyte = 2 ** 20;

let real: RealPlace;

beforeAll(async () => {
  // On a disk: what is written to memory would count as memory of the program.
  real = await RealPlace.make(await mkdtemp(join(tmpdir(), 'lifeboat-limits-')));
  await real.mustRun('store', 'init');
});
afterAll(() => real.remove());

async function expectSound(): Promise<void> {
  const { json } = await real.mustRun('verify', '--all');
  expect(json).toMatchObject({ damage: [], failures: [] });
}

describe.skipIf(whyNoMemoryLimit !== undefined)(`a limit of memory${reason(whyNoMemoryLimit)}`, { timeout }, () => {
  beforeAll(async () => {
    await mkdir(real.path('docs', 'large'));
    for (let file = 0; file < 2; file += 1) {
      await writeFile(real.path('docs', 'large', String(file)), randomBytes(30 * mebibyte));
    }
  });
  afterAll(() => rm(real.path('docs', 'large'), { recursive: true }));

  it('that is far too small kills or refuses the backup, and harms nothing', async () => {
    const before = pointsOf(await real.mustRun('backup', 'shop')).map(({ id }) => id);
    const { exitCode, said } = await runWithin(real, 60 * mebibyte, 'backup', 'docs');
    // Killed by the kernel (137 through the shell, null from us), or out of memory by its own words.
    expect(exitCode, said).not.toBe(0);
    await expectSound();
    const listed = pointsOf(await real.mustRun('points')).map(({ id }) => id);
    expect(listed).toEqual(before);
  });
});

describe.skipIf(whyNoProcessLimits !== undefined)(
  `a limit of a process${reason(whyNoProcessLimits)}`,
  { timeout },
  () => {
    it.each([
      ['file size', '--fsize=4096', ['disk.io', 'disk.full']],
      ['file size', '--fsize=100000', ['store.full']],
      ['open files', '--nofile=28', ['asset.unreadable', 'machine.exhausted', 'store.io', 'input.file', 'disk.io']],
    ])('(%s, %s) refuses the backup by name, and harms nothing', async (_, limit, codes) => {
      await real.change();
      real.around = ['prlimit', limit];
      const answer = await real.run('backup', 'docs');
      real.around = [];
      if (answer.exitCode !== 0) expect(codes, answer.said).toContain(codeOf(answer));
      await expectSound();
      await real.mustRun('backup');
    });
  },
);

describe.skipIf(whyNoMount !== undefined)(`a store that became read-only${reason(whyNoMount)}`, { timeout }, () => {
  it('refuses a backup as what it is, and still lists, verifies and restores', async () => {
    await rm(real.path('disk'), { recursive: true });
    const disk = Mount.tmpfs(real.path('disk'), 'size=16m');
    try {
      await real.mustRun('store', 'init');
      const stamp = await real.change();
      await real.mustRun('backup');
      disk.remount('ro');
      const answer = await real.run('backup');
      expect(answer, answer.said).toMatchObject({ exitCode: 4, json: { error: { code: 'store.denied' } } });
      for (const words of [['points'], ['verify', '--all'], ['restore', 'docs', '--to', './out']]) {
        const read = await real.run(...words);
        expect(read.exitCode, read.said).toBe(0);
      }
      expect(await real.stampOf(real.path('out'))).toBe(stamp);
    } finally {
      disk.unmount();
    }
  });
});
