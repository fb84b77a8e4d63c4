import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import { runProcedure, type Elsewhere, type RunResult } from '../index.ts';
import { leaseName } from '../targets/lease/lease-object.ts';
import { brokeNow, scenarioOf, stepOf } from '../testing/bench.ts';
import { machineWith, openShared } from '../testing/leased.ts';
import { actForAnother } from './for-another.ts';

let folder = '';
let store = '';
let here: ReturnType<typeof machineWith>;
let there: ReturnType<typeof machineWith>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lifeboat-held-'));
  store = join(folder, 'store');
  [here, there] = [machineWith(store, { leaseMs: 60_000 }), machineWith(store, { leaseMs: 600 })];
});
afterEach(() => {
  here.close();
  there.close();
  rmSync(folder, { recursive: true, force: true });
});

/** As if another run had outlived this one, whose runner is dead. */
async function takeOver(): Promise<void> {
  const lone = await openShared(store);
  for (const name of readdirSync(join(store, 'leases'))) {
    const note = JSON.parse(readFileSync(join(store, 'leases', name), 'utf8')) as Record<string, unknown>;
    const rival = Buffer.from(JSON.stringify({ ...note, run: 'rival', token: 'rival', host: 'db2' }));
    await lone.put(leaseNameAfter(name), [rival]);
    await lone.remove(`leases/${name}`);
  }
}
const leaseNameAfter = (name: string): string => leaseName(name.slice(0, 32), Number(name.slice(33)) + 1);

const run = (
  argv: readonly string[],
  before: () => Promise<void>,
  meanwhile = async (): Promise<void> => {},
): Promise<RunResult> => {
  const elsewhere: Elsewhere = {
    site: 'here',
    step: async (_site, packet) => {
      await before();
      const { signal } = new AbortController();
      const acting = actForAnother({ packet, environment: async () => there.environment, tools: there.tools, signal });
      await meanwhile();
      return acting;
    },
    stop: async () => {},
  };
  return runProcedure({
    scenario: scenarioOf(stepOf('act', 'exec', argv, { site: 'there' })),
    environment: here.environment,
    mode: 'real',
    tools: { ...here.tools, elsewhere },
    incident: brokeNow(),
  });
};

describe('a step of another site whose run holds its target', () => {
  it('is done while that is so', async () => {
    expect((await run(['true'], async () => {})).verdict).toBe('done');
  });

  it('is not begun when another run has taken over meanwhile', async () => {
    const result = await run(['touch', join(folder, 'effect')], takeOver);
    expect(result).toMatchObject({ verdict: 'needs-human', steps: [{ code: 'run.lease_lost' }] });
    expect(readdirSync(folder)).not.toContain('effect');
    expect(there.journal.records({ kinds: ['site.started'] })).toEqual([]);
  });

  it('is stopped when another run takes over while it acts', async () => {
    const begun = (): boolean => there.journal.records({ kinds: ['site.started'] }).length > 0;
    const result = await run(
      ['sleep', '60'],
      async () => {},
      async () => {
        while (!begun()) await systemClock.sleep(5);
        await takeOver();
      },
    );
    expect(result).toMatchObject({ verdict: 'needs-human', steps: [{ code: 'run.lease_lost' }] });
  });
});
