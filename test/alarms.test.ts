import { readFile, rename, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  noAlertmanager,
  noPrometheus,
  startAlertmanager,
  startPrometheus,
  type Call,
  type TestAlertmanager,
  type TestPrometheus,
} from '../src/testing/prometheus/index.ts';
import type { Place } from './support/lifeboat.ts';
import { Served } from './support/served.ts';
import { planOf, servedPlace } from './support/served-place.ts';

const missing = noPrometheus ?? noAlertmanager;
const why = missing === undefined ? '' : ` (${missing})`;
const soon = { timeout: 120_000, interval: 200 };

let place: Place;
let served: Served | undefined;
let prometheus: TestPrometheus | undefined;
let alertmanager: TestAlertmanager | undefined;
beforeEach(async () => void (place = await servedPlace()));
afterEach(async () => {
  await served?.end('SIGKILL');
  await prometheus?.stop();
  await alertmanager?.stop();
  await place.remove();
});

/** Serve as it is, scraped each second by a Prometheus that has the rules of the plan and tells an Alertmanager. */
async function watched(): Promise<{ prometheus: TestPrometheus; alertmanager: TestAlertmanager }> {
  served = new Served(place, []);
  await served.done('copy near to far');
  const { url = '' } = await served.said('listening');
  expect((await place.run('alerts', '--out', 'rules.yml', '--dashboard', 'dashboard.json')).exitCode).toBe(0);
  alertmanager = await startAlertmanager();
  prometheus = await startPrometheus(
    {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: ['rules.yml'],
      scrape_configs: [{ job_name: 'lifeboat', static_configs: [{ targets: [url.slice('http://'.length)] }] }],
      alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager.address] }] }] },
    },
    {
      files: { 'rules.yml': await readFile(place.path('rules.yml'), 'utf8') },
      flags: ['--rules.alert.resend-delay=1s'],
    },
  );
  return { prometheus, alertmanager };
}

async function queriesOfDashboard(): Promise<string[]> {
  const { panels } = JSON.parse(await readFile(place.path('dashboard.json'), 'utf8')) as {
    panels: { targets?: { expr: string }[] }[];
  };
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}

it.skipIf(missing !== undefined)(
  `a backup that stops is told to a real receiver through a real Prometheus and Alertmanager, and that it goes on is told too${why}`,
  async () => {
    const alert =
      'alerts: { docs_old: { kind: freshness, watch: { asset: docs }, olderThan: 10s, for: 0s, priority: critical, says: No copy of the docs } }';
    await writeFile(place.path('lifeboat.yaml'), planOf(alert));
    const { prometheus: asked, alertmanager: told } = await watched();
    const rings = async (): Promise<boolean> => {
      const { alerts } = (await asked.ask('alerts')) as { alerts: { labels: { alertname: string } }[] };
      return alerts.some(({ labels }) => labels.alertname === 'docs_old');
    };
    const calls = (from: number, status: Call['status']): Call[] =>
      told.calls.slice(from).filter((call) => call.labels['alertname'] === 'docs_old' && call.status === status);
    const isScraped = async (): Promise<number> =>
      ((await asked.ask('query', { query: 'backup_last_success_timestamp > 0' })) as { result: unknown[] }).result
        .length;
    await expect.poll(isScraped, soon).toBe(1);
    await expect.poll(rings, soon).toBe(false);

    const before = told.calls.length;
    await rename(place.path('docs'), place.path('gone'));
    await expect.poll(() => calls(before, 'firing').length, soon).toBeGreaterThan(0);
    expect(calls(before, 'firing')[0]).toMatchObject({
      labels: { asset: 'docs', store: 'near', severity: 'critical', plan: 'served' },
      annotations: { summary: 'No copy of the docs' },
    });

    // What this plan has nothing of is not asked for an answer, but that it can be asked.
    for (const query of await queriesOfDashboard()) {
      const { result } = (await asked.ask('query', { query })) as { result: unknown[] };
      if (!/_(verify|prune)_/.test(query)) expect(result.length, query).toBeGreaterThan(0);
    }

    const then = told.calls.length;
    await rename(place.path('gone'), place.path('docs'));
    await expect.poll(() => calls(then, 'resolved').length, soon).toBeGreaterThan(0);
  },
  600_000,
);
