import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FenceRecord } from '../../hands/fences/fence.ts';
import { actingBench } from '../../testing/acting.ts';
import { environmentIn, type Bench } from '../../testing/bench.ts';
import { handsOf } from '../../testing/interrupted.ts';
import { askOldPrimary } from './fenced.ts';

let folder = '';
let bench: Bench;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lifeboat-fenced-'));
  // A number of a process that ended long ago: here nothing runs, whatever runs elsewhere.
  writeFileSync(join(folder, 'shop.pid'), '999999999\n');
  bench = actingBench({ runs: { pidFile: join(folder, 'shop.pid') } });
});
afterEach(() => {
  bench.close();
  rmSync(folder, { recursive: true, force: true });
});

const proofsOf = async (where: FenceRecord['where']): Promise<[proofs: number, doubts: string]> => {
  const record: FenceRecord = {
    what: 'asset:orders',
    how: 'stop',
    proof: 'it did not run',
    settings: { service: 'shop', asset: 'orders', how: 'stop' },
    before: { running: true },
    provedAt: '2026-11-21T00:00:00Z',
    ...(where === undefined ? {} : { where }),
  };
  const elsewhere = { ...environmentIn(folder), name: 'far' };
  const { proofs, doubts } = await askOldPrimary('orders', 'postgresql://shop@127.0.0.1:1/orders', {
    ...handsOf(bench),
    environment: elsewhere,
    given: () => new Map([['fence', { fenced: [record] }]]),
  });
  return [proofs.length, doubts.join('; ')];
};
const here = { environment: 'production', host: 'bench', site: null };

describe('a fence that is proved again', () => {
  it('is asked in the environment in which it was put up, whatever the next step acts in', async () => {
    expect((await proofsOf(here))[0]).toBe(1);
  });

  it.each([
    ['another machine', { ...here, host: 'db1' }, 'on db1'],
    ['an environment that this run does not have', { ...here, environment: 'gone' }, 'in gone'],
    ['a place that an older record does not name', undefined, 'does not name'],
  ])('counts as unknown when it was proved in %s, and split brain is not risked', async (_, where, words) => {
    const [proofs, doubts] = await proofsOf(where);
    expect(proofs).toBe(0);
    expect(doubts).toContain(words);
    expect(existsSync(join(folder, 'shop.pid'))).toBe(true);
  });
});
