import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openWorkspace } from '../app/index.ts';
import { silentProgress, systemClock, type Clock } from '../core/index.ts';
import { backup } from '../operations/index.ts';
import { runDemo, type DemoOptions, type DemoOutcome } from './demo.ts';
import { readProducts } from './proof.ts';

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function demo(options: Partial<DemoOptions> = {}): Promise<DemoOutcome> {
  const outcome = await runDemo({
    progress: silentProgress,
    signal: new AbortController().signal,
    rounds: 2,
    ...options,
  });
  folders.push(outcome.folder);
  return outcome;
}

const verdictOf = (outcome: DemoOutcome, asset: string): string | undefined =>
  outcome.scenarios.find((item) => item.asset === asset)?.verdict;

it('recovers everything within RTO and RPO when nobody interferes, says so on the page and in the evidence, and goes on with what came back: rehearsed, open again, under writes, and as easy to protect as before', async () => {
  let seen: { written: number; reports: number; points: readonly string[] } | undefined;
  const outcome = await demo({
    goesOn: async ({ folder }) => {
      const catalog = join(folder.floor, 'catalog.db');
      const before = readProducts(catalog).size;
      await expect.poll(() => readProducts(catalog).size, { timeout: 60_000 }).toBeGreaterThan(before);
      const workspace = await openWorkspace({ ...folder, progress: silentProgress });
      try {
        const points = [];
        for (const asset of workspace.plan.assets.keys()) points.push(...(await backup(workspace, asset)));
        const reports = (await readdir(join(folder.stateFolder, 'reports'))).filter((name) => name.endsWith('.html'));
        seen = { written: before, reports: reports.length, points: points.map(({ point }) => point.asset) };
      } finally {
        await workspace.close();
      }
    },
  });
  expect(outcome.scenarios.map(({ asset, verdict }) => [asset, verdict])).toEqual([
    ['orders', 'pass'],
    ['catalog', 'pass'],
    ['uploads', 'pass'],
  ]);
  expect(outcome.verdict).toBe('pass');
  for (const { written, restored, lost } of outcome.scenarios) {
    expect(restored).toBeGreaterThan(0);
    expect(restored + lost).toBe(written);
  }
  expect(await readFile(outcome.page, 'utf8')).toContain('orders');
  expect(JSON.parse(await readFile(outcome.evidence, 'utf8'))).toMatchObject({ mode: 'REAL', verdict: 'pass' });
  expect(seen).toMatchObject({ reports: 2, points: ['orders', 'catalog', 'uploads'] });
}, 240_000);

it('fails when a point is sabotaged: a flipped byte in the packs is never restored as if it were right', async () => {
  const outcome = await demo({
    sabotage: async ({ folder }) => {
      const packs = join(folder.root, 'cellar', 'packs');
      for (const item of await readdir(packs, { recursive: true, withFileTypes: true })) {
        if (!item.isFile()) continue;
        const path = join(item.parentPath, item.name);
        const bytes = await readFile(path);
        bytes[200] = (bytes[200] as number) ^ 1;
        await writeFile(path, bytes);
      }
    },
  });
  expect(outcome.verdict).toBe('fail');
  expect(outcome.scenarios.map(({ verdict }) => verdict)).toContain('fail');
});

it('fails when more is lost than the RPO allows', async () => {
  const outcome = await demo({
    editPlan: (plan) => plan.replaceAll('rpo: 30s', 'rpo: 10ms'),
  });
  expect(outcome.verdict).toBe('fail');
  expect(
    outcome.scenarios.some(({ lost, rpoSeconds, verdict }) => lost > 0 && rpoSeconds > 0.01 && verdict === 'fail'),
  ).toBe(true);
});

it('fails when a check is red', async () => {
  const outcome = await demo({
    editPlan: (plan) => plan.replace('expect: value > 0', 'expect: value < 0'),
  });
  expect(outcome.verdict).toBe('fail');
  expect(verdictOf(outcome, 'orders')).toBe('fail');
});

it('fails when the clock says that it took too long', async () => {
  let skewMs = 0;
  const clock: Clock = {
    now: () => systemClock.now() + skewMs,
    elapsed: () => systemClock.elapsed() + skewMs,
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
  };
  const outcome = await demo({
    clock,
    sabotage: async () => {
      skewMs = 2 * 60_000;
    },
  });
  expect(outcome.verdict).toBe('fail');
  expect(outcome.scenarios.every(({ rtoSeconds }) => (rtoSeconds ?? 0) > 60)).toBe(true);
});
