import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { noPrometheus, startPrometheus } from '../../testing/prometheus/index.ts';
import { planOf } from '../testing/plan.ts';
import { everyCalendar } from '../testing/simulated/plans.ts';
import { SimulatedServe } from '../testing/simulated/serve.ts';
import { dashboardOf } from './index.ts';

const why = noPrometheus === undefined ? '' : ` (${noPrometheus})`;

interface Model {
  readonly uid: string;
  readonly panels: readonly {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly datasource?: { readonly uid: string };
    readonly targets?: readonly { readonly expr: string; readonly refId: string }[];
    readonly fieldConfig?: {
      readonly defaults: { readonly thresholds: { readonly steps: { value: number | null }[] } };
    };
  }[];
}

async function modelOf(text = everyCalendar): Promise<Model> {
  const { plan, keeperOf } = await planOf(text);
  return JSON.parse(JSON.stringify(dashboardOf(plan, keeperOf))) as Model;
}

const queriesOf = ({ panels }: Model): string[] =>
  panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

describe('the dashboard', () => {
  it('has a place of its own for each panel, numbers that differ, and asks the source that is chosen in it', async () => {
    const { uid, panels } = await modelOf();
    expect(uid).toBe('lifeboat-calm');
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { gridPos, title } of panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken.has(`${x} ${y}`), title).toBe(false);
          taken.add(`${x} ${y}`);
        }
    }
    const drawn = panels.filter(({ type }) => type !== 'row');
    expect(drawn.every(({ datasource, targets }) => datasource?.uid === '${datasource}' && targets?.length)).toBe(true);
  });

  it('draws the limits of the plan: how old a point may be, what may be lost', async () => {
    const { panels } = await modelOf();
    const redFrom = (title: string): number | null | undefined =>
      panels.find((panel) => panel.title === title)?.fieldConfig?.defaults.thresholds.steps.at(-1)?.value;
    expect(redFrom('Age of the newest points: nightly')).toBe(26 * 3600);
    expect(redFrom('What a loss of orders would take with it')).toBe(60);
  });

  it.skipIf(noPrometheus !== undefined)(`has only queries that promtool reads${why}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lifeboat-dashboard-'));
    try {
      const rules = queriesOf(await modelOf()).map((expr, at) => ({ record: `panel:${at}`, expr }));
      writeFileSync(join(folder, 'rules.yml'), JSON.stringify({ groups: [{ name: 'panels', rules }] }));
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', 'rules.yml'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toContain(`${rules.length} rules found`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.skipIf(noPrometheus !== undefined)(
    `has an answer to each query once serve has run for a morning${why}`,
    async () => {
      const planned = await planOf(everyCalendar);
      const serve = new SimulatedServe(planned, Date.parse('2024-10-26T01:50:00Z'));
      const prometheus = await startPrometheus({}, { flags: ['--web.enable-remote-write-receiver'] });
      try {
        serve.start();
        serve.testKeys();
        await serve.minutes(180);
        await serve.record.writeTo(prometheus);
        const time = String(serve.clock.now() / 1000 - 60);
        for (const query of queriesOf(await modelOf())) {
          const { result } = (await prometheus.ask('query', { query, time })) as { result: unknown[] };
          expect(result.length, query).toBeGreaterThan(0);
        }
      } finally {
        serve.remove();
        await prometheus.stop();
      }
    },
    180_000,
  );
});
