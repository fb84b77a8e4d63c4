import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, startService, systemClock } from '../../../core/index.ts';

const program = '/usr/sbin/haproxy';

/** Why there is no HAProxy for a test here; undefined when there is one. */
export const noProxy = existsSync(program) ? undefined : 'HAProxy is not installed';

export interface TestProxy {
  readonly socket: string;
  /** Where its one front takes connections. */
  readonly port: number;
  stop(): Promise<void>;
}

/** A proxy with one backend `shop` of these servers, each with weight 100. `mode tcp`: databases too. */
export async function startTestProxy(folder: string, servers: Readonly<Record<string, number>>): Promise<TestProxy> {
  const socket = join(folder, 'haproxy.sock');
  const port = await freePort();
  const lines = Object.entries(servers).map(([name, to]) => `  server ${name} 127.0.0.1:${to} weight 100`);
  const settings = [
    'global',
    `  stats socket ${socket} mode 600 level admin`,
    'defaults',
    '  mode tcp',
    '  timeout connect 2s',
    '  timeout client 30s',
    '  timeout server 30s',
    'frontend front',
    `  bind 127.0.0.1:${port}`,
    '  default_backend shop',
    'backend shop',
    '  balance roundrobin',
    ...lines,
    '',
  ];
  await writeFile(join(folder, 'haproxy.cfg'), settings.join('\n'));
  const service = await startService([program, '-db', '-f', join(folder, 'haproxy.cfg')]);
  for (let tries = 0; !existsSync(socket); tries += 1) {
    if (tries > 200) throw new Error(`HAProxy did not start: ${service.tail()}`);
    await systemClock.sleep(25);
  }
  return { socket, port, stop: () => service.stop('SIGTERM') };
}
