import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { limits, systemClock } from '../../../core/index.ts';
import { installedMajors, postgresAsset, startTestCluster } from '../../../testing/postgres/index.ts';

const missing = !(await installedMajors()).includes(15);

it.skipIf(missing)(
  `a server that lets a stream in and then answers nothing is one that does not answer, and is asked again later${missing ? ' (skipped: PostgreSQL 15 is not installed)' : ''}`,
  async () => {
    const cluster = await startTestCluster({ major: 15 });
    const sockets: Socket[] = [];
    // What the server says behind its first word that it is ready stays on the way.
    const ready = Buffer.from([0x5a, 0, 0, 0, 5]);
    const line = createServer((client) => {
      const server = connect(cluster.port, '127.0.0.1');
      sockets.push(client, server);
      for (const one of [client, server]) one.on('error', () => {}); // cut at the end
      client.on('data', (bytes) => server.write(bytes));
      client.on('close', () => server.destroy());
      let isOpen = true;
      server.on('data', (bytes) => {
        if (isOpen) client.write(bytes);
        isOpen &&= !bytes.includes(ready);
      });
    });
    await new Promise<void>((resolve) => line.listen(0, '127.0.0.1', resolve));
    try {
      const url = new URL(cluster.url);
      url.port = String((line.address() as AddressInfo).port);
      const asked = postgresAsset({ url: url.href })
        .log?.source()
        .then(String, (error: unknown) => error);
      const late = systemClock.sleep(limits.streamSilenceMs + 15_000).then(() => 'it waits for ever');
      expect(await Promise.race([asked, late])).toMatchObject({ code: 'asset.unreachable', retry: 'later' });
    } finally {
      for (const socket of sockets) socket.destroy();
      line.close();
      await cluster.destroy();
    }
  },
);
