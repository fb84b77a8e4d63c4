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
  readonly folder: string;
  /** The `data` of an answer of `/api/v1/…`; throws what the server says is wrong. */
  ask(path: string, parameters?: Readonly<Record<string, string>>): Promise<unknown>;
  stop(): Promise<void>;
}

/** A server on loopback with this configuration, and with these files beside it. */
export async function startPrometheus(
  config: object,
  { flags = [], files = {} }: { flags?: readonly string[]; files?: Readonly<Record<string, string>> } = {},
): Promise<TestPrometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-prometheus-'));
  for (const [name, text] of Object.entries({ 'prometheus.yml': JSON.stringify(config), ...files }))
    await writeFile(join(folder, name), text);
  const port = await freePort();
  const service = await startService([
    program,
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    ...flags,
  ]);
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await isReady(url)); tries += 1) {
    if (tries > 600) throw new Error(`Prometheus did not start: ${service.tail()}`);
    await systemClock.sleep(50);
  }
  return {
    url,
    folder,
    ask: async (path, parameters = {}) => {
      const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
      const { status, data, error } = (await response.json()) as { status: string; data: unknown; error?: string };
      if (status !== 'success') throw new Error(`${path} ${JSON.stringify(parameters)}: ${error}`);
      return data;
    },
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
