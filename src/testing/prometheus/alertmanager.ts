import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startService, systemClock } from '../../core/index.ts';

const program = '/usr/bin/prometheus-alertmanager';

/** Why there is no Alertmanager for a test here; undefined when there is one. */
export const noAlertmanager = existsSync(program) ? undefined : 'Alertmanager is not installed';

/** An alert as a receiver is told of it. */
export interface Call {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface TestAlertmanager {
  /** `host:port` */
  readonly address: string;
  /** What the receiver was told, in that order. */
  readonly calls: readonly Call[];
  stop(): Promise<void>;
}

/** On loopback, with one receiver that is a server of ours, which is called at once. */
export async function startAlertmanager(): Promise<TestAlertmanager> {
  const calls: Call[] = [];
  const receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      calls.push(...(JSON.parse(body) as { alerts: Call[] }).alerts);
      response.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-alertmanager-'));
  const route = { receiver: 'us', group_by: ['...'], group_wait: '0s', group_interval: '1s', repeat_interval: '1h' };
  const config = { route, receivers: [{ name: 'us', webhook_configs: [{ url, send_resolved: true }] }] };
  await writeFile(join(folder, 'alertmanager.yml'), JSON.stringify(config));
  const address = `127.0.0.1:${await freePort()}`;
  const service = await startService([
    program,
    `--config.file=${join(folder, 'alertmanager.yml')}`,
    `--storage.path=${join(folder, 'data')}`,
    `--web.listen-address=${address}`,
    '--cluster.listen-address=',
  ]);
  for (let tries = 0; !(await isReady(address)); tries += 1) {
    if (tries > 600) throw new Error(`Alertmanager did not start: ${service.tail()}`);
    await systemClock.sleep(50);
  }
  return {
    address,
    calls,
    stop: async () => {
      await service.stop('SIGTERM');
      receiver.closeAllConnections();
      await new Promise((resolve) => receiver.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const isReady = (address: string): Promise<boolean> =>
  fetch(`http://${address}/-/ready`).then(
    ({ status }) => status === 200,
    () => false, // it does not listen yet
  );
