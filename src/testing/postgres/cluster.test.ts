import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { installedMajors, startTestCluster } from './index.ts';

const [major] = await installedMajors();

it.skipIf(major === undefined)(
  `a server of a test listens where the system lets nobody else come while it is down${major === undefined ? ' (skipped: no PostgreSQL server)' : ''}`,
  async () => {
    const cluster = await startTestCluster({ major: major as number });
    try {
      const [given] = (await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')).trim().split(/\s+/);
      expect(cluster.port).toBeLessThan(Number(given));
      await cluster.restart();
      expect(await cluster.sql('select 1 as one')).toEqual([{ one: 1 }]);
    } finally {
      await cluster.destroy();
    }
  },
);
