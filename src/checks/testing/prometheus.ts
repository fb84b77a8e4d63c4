import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startService, systemClock } from '../../core/index.ts';

const program = '/usr/bin/prometheus';

/** Why there is no Prometheus for a test here; undefined when there is one. */
export const noPrometheus = existsSync(program) ? undefined : 'Prometheus is not installed';

export interface TestPrometheus {
  readonly url: string;
  stop(): Promise<void>;
}

/** A server that scrapes one target, twice a second. */
export async function startTestPrometheus(targetPort: number): Promise<TestPrometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-prometheus-'));
  const port = await freePort();
  const config = [
    'global: { scrape_interval: 500ms, scrape_timeout: 400ms }',
    `scrape_configs: [{ job_name: shop, static_configs: [{ targets: ["127.0.0.1:${targetPort}"] }] }]`,
    '',
  ];
  await writeFile(join(folder, 'prometheus.yml'), config.join('\n'));
  const service = await startService([
    program,
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await isReady(url)); tries += 1) {
    if (tries > 200) throw new Error(`Prometheus did not start: ${service.tail()}`);
    await systemClock.sleep(50);
  }
  return {
    url,
    stop: async () => {
      await service.stop('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/-/ready`).then(
    ({ status }) => status === 200,
    () => false, // it does not listen yet
  );
