import { statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Asset, LogKeeping, StandbyKeeping } from '../../assets/index.ts';
import { silentProgress } from '../../core/index.ts';
import { backup, type Workspace } from '../index.ts';
import { withWorkspace } from '../testing/workspace.ts';
import { standby } from './standby.ts';

/** An asset whose newest point takes so much room when it is restored, with so much log behind it; its standby ends as soon as it is made. */
function following(asset: Asset, { bytes, logBytes }: { bytes: number; logBytes: number }): Asset {
  const log: Partial<LogKeeping> = {
    baseOf: () => ({ source: 'one', timeline: 1, start: 0n, end: 1n }),
    planReplay: async (_, bases) => ({
      base: bases[0]?.id ?? '',
      timeline: 1,
      from: '0/0',
      to: '0/1',
      bytes: logBytes,
      pieces: 1,
      ranges: [],
      tooNew: [],
      upTo: '0/0',
      reachableMs: undefined,
      bytesExpected: 0,
      end: { timeline: 1, position: 0n },
      endings: [],
      later: [],
      begin: async () => {},
      replayed: () => undefined,
      close: async () => {},
    }),
  };
  const keeping: Partial<StandbyKeeping> = {
    noteOf: async () => undefined,
    prepare: async () => {},
    follow: async () => ({ end: 'stopped' }),
  };
  const own: Record<string | symbol, unknown> = { log, standby: keeping, room: () => bytes };
  return new Proxy(asset, {
    get: (target, key) => {
      const value: unknown = own[key] ?? Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

it('a standby needs room for what a restore would: the point as it is when it is restored, and what a server holds of the log behind it', async () => {
  await withWorkspace(async (opened, folder) => {
    await writeFile(join(folder, 'docs', 'one'), 'one');
    await backup(opened, 'docs');
    const notes: string[] = [];
    const made = (bytes: number, logBytes: number) => {
      const workspace: Workspace = {
        ...opened,
        repository: (store) => opened.repository(store),
        asset: (name) => following(opened.asset(name), { bytes, logBytes }),
        progress: { ...silentProgress, note: (text: string) => void notes.push(text) },
      };
      const target = join(folder, `standby ${bytes} ${logBytes}`);
      return standby(workspace, { asset: 'docs', target, say: () => {}, signal: new AbortController().signal });
    };
    const gib = 2 ** 30;
    const { bavail, bsize } = await statfs(folder);
    // Half a gigabyte more than a point of so many bytes needs.
    const bytes = Math.floor((bavail * bsize - gib / 2) / 1.06);
    if (bytes < gib) return;
    await made(bytes, 0);
    await expect(made(bytes, 1e15)).rejects.toMatchObject({
      code: 'restore.no_room',
      message: expect.stringMatching(/with the log that it replays \(1\.0 PB\)/) as string,
    });
    await expect(made(1e15, 0)).rejects.toMatchObject({ code: 'restore.no_room' });
    expect(notes).toEqual([]);
    await made(1, 1e15);
    expect(notes).toEqual([expect.stringMatching(/^1\.0 PB of log are replayed .*may add/)]);
  });
});
