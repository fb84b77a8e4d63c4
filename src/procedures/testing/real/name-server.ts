import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { Resolver } from 'node:dns/promises';
import { join } from 'node:path';
import { freePort, startService, systemClock } from '../../../core/index.ts';

const program = '/usr/sbin/knotd';

/** Why there is no name server for a test here; undefined when there is one. */
export const noNameServer = existsSync(program) ? undefined : 'knot is not installed';

export interface TestNameServer {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  /** Base64, as plans hold it. */
  readonly secret: string;
  stop(): Promise<void>;
}

/** Knot with the zone `shop.example` (`www` is 192.0.2.1), which takes changes that are signed with the key `turner`. */
export async function startTestNameServer(folder: string): Promise<TestNameServer> {
  const port = await freePort();
  const secret = Buffer.from('a shared secret of 32 bytes, yes').toString('base64');
  for (const name of ['zones', 'data']) await mkdir(join(folder, name), { recursive: true });
  await writeFile(
    join(folder, 'zones', 'shop.example.zone'),
    [
      '$TTL 300',
      '@ SOA ns.shop.example. hostmaster.shop.example. 1 3600 600 86400 60',
      '@ NS ns.shop.example.',
      'ns A 127.0.0.1',
      'www 30 A 192.0.2.1',
      '',
    ].join('\n'),
  );
  await writeFile(
    join(folder, 'knot.conf'),
    [
      'server:',
      `  rundir: "${folder}"`,
      `  listen: "127.0.0.1@${port}"`,
      '  udp-workers: 1',
      '  tcp-workers: 1',
      '  background-workers: 1',
      'database:',
      `  storage: "${folder}/data"`,
      'key:',
      '  - id: turner',
      '    algorithm: hmac-sha256',
      `    secret: "${secret}"`,
      'acl:',
      '  - id: turns',
      '    key: turner',
      '    action: update',
      'zone:',
      '  - domain: shop.example',
      `    storage: "${folder}/zones"`,
      '    file: shop.example.zone',
      '    acl: turns',
      '',
    ].join('\n'),
  );
  const service = await startService([program, '-c', join(folder, 'knot.conf')]);
  const resolver = new Resolver({ timeout: 200, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  for (let tries = 0; ; tries += 1) {
    try {
      await resolver.resolve4('www.shop.example');
      break;
    } catch (error) {
      if (tries > 100) throw new Error(`knot did not start: ${service.tail()}`, { cause: error });
      await systemClock.sleep(50);
    }
  }
  return { address: `127.0.0.1:${port}`, secret, stop: () => service.stop('SIGTERM') };
}
