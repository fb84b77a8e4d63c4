import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { installedMajors } from '../../../testing/postgres/index.ts';
import { skippedFor } from '../../../testing/skipped.ts';
import { LogFetcher } from '../recovery/fetcher.ts';
import { openServer } from './standby-server.ts';

const [major] = await installedMajors();
const reason = major === undefined ? 'no PostgreSQL server programs are on this machine' : undefined;

it.skipIf(major === undefined)(
  `the server of a standby that cannot be started leaves no folder of sockets behind, however often it is tried${skippedFor(reason)}`,
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lifeboat-standby-'));
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = folder;
    try {
      const fetcher = new LogFetcher({
        next: () => undefined,
        asked: () => {},
        bytesOf: async () => undefined,
        failureCode: 1,
      });
      const note = { asset: 'orders', store: 'near', point: 'p', source: 's', facts: { major } };
      const { signal } = new AbortController();
      const url = 'postgresql://somebody@127.0.0.1:5432/postgres';
      await expect(openServer(join(folder, 'not there'), url, fetcher, { note, signal })).rejects.toThrow(/ENOENT/);
      expect(await readdir(folder)).toEqual([]);
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
      await rm(folder, { recursive: true });
    }
  },
);
