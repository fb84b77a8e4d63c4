import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LifeboatError } from '../../core/index.ts';
import { backup } from '../../operations/index.ts';
import { changed } from '../../operations/testing/workspace.ts';
import type { Store } from '../../stores/index.ts';
import { frame, LivePlace, passphrase } from './testing/live-place.ts';

const plan = `${frame}assets: { docs: { type: files, path: ./docs, domain: here, policy: daily } }\n`;

describe('check --live: stores', () => {
  let place: LivePlace;
  beforeEach(async () => {
    place = await LivePlace.make(plan);
    await place.makeFolder('docs');
  });
  afterEach(() => place.remove());

  it('says nothing of a store that answers, opens, may be written and holds a fresh point; and leaves it as it was', async () => {
    await place.makeStore('near');
    await place.inWorkspace((workspace) => backup(workspace, 'docs'));
    const before = await filesIn(place.path('near'));
    expect(await place.codes()).toEqual([]);
    expect(await filesIn(place.path('near'))).toEqual(before);
  });

  it('makes no folder of state, where there is none', async () => {
    await place.makeStore('near');
    await place.check();
    expect(await readdir(place.folder)).not.toContain('state');
  });

  it('live.store_unreachable: the folder is not there', async () => {
    expect(await place.codes()).toEqual(['5 live.store_unreachable']);
  });

  it('live.store_empty: a folder without a repository may be the one below an unmounted disk', async () => {
    await mkdir(place.path('near'));
    expect(await place.codes()).toEqual(['5 live.store_empty']);
    expect(await readdir(place.path('near'))).toEqual([]);
  });

  it('live.key: the passphrase opens nothing', async () => {
    await place.makeStore('near');
    process.env[passphrase.variable] = 'another passphrase';
    const findings = await place.check();
    expect(findings.map(({ code }) => code)).toEqual(['live.key']);
    expect(JSON.stringify(findings)).not.toContain('another passphrase');
  });

  it('live.point_never: the store is there, and no point of the asset is in it', async () => {
    await place.makeStore('near');
    expect(await place.codes()).toEqual(['7 live.point_never']);
    expect(await place.said('live.point_never')).toEqual(['there is no point of docs in near']);
  });

  it('live.damage: a point that cannot be read', async () => {
    await place.makeStore('near');
    await place.inWorkspace((workspace) => backup(workspace, 'docs'));
    const [point = ''] = await readdir(place.path('near/points'));
    const bytes = await readFile(place.path('near/points', point));
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await rm(place.path('near/points', point));
    await writeFile(place.path('near/points', point), bytes);
    expect(await place.codes()).toEqual(['5 live.damage', '7 live.point_never']);
  });

  it('live.store_room: no room for one more full point; an error before the first, a warning after it', async () => {
    await place.makeStore('near');
    await place.inWorkspace((workspace) => backup(workspace, 'docs'));
    await truncate(place.path('docs/a file'), 8 * 2 ** 40); // a hole: it has the size, and takes no room
    const findings = (await place.check()).filter(({ severity }) => severity !== 'info');
    expect(findings).toMatchObject([{ code: 'live.store_room', severity: 'warning' }]);
    expect(findings[0]?.message).toMatch(/^near has .* free, and a full point of docs takes up to 8\.\d+ T/);
    await rm(place.path('near'), { recursive: true });
    await place.makeStore('near');
    expect((await place.check()).find(({ code }) => code === 'live.store_room')?.severity).toBe('error');
  });

  it('live.store_denied: asked without writing', async () => {
    await place.makeStore('near');
    await place.inWorkspace((workspace) => backup(workspace, 'docs'));
    const { registry } = await import('../registry.ts');
    const [kind] = registry.stores;
    if (kind === undefined) throw new Error('there is a kind of store');
    // The rights of root cannot be taken away, so the answer is.
    const denied = new LifeboatError('store.denied', 'the store refused access', { hint: 'Let this user write.' });
    const refusing = {
      ...kind,
      open: async (...words: Parameters<typeof kind.open>): Promise<Store> => {
        const store = await kind.open(...words);
        return Object.assign(store, { room: () => Promise.reject(denied) });
      },
    };
    expect(await place.codes({ registry: { ...registry, stores: [refusing] } })).toEqual(['5 live.store_denied']);
  });

  it('live.unknown: a kind that cannot be opened yet, and a store that keeps silent', async () => {
    await place.makeStore('near');
    await place.inWorkspace((workspace) => backup(workspace, 'docs'));
    const silent = (store: Store): Store => changed(store, { get: () => new Promise<never>(() => {}) });
    expect(await place.codes({ wrapStore: silent, timeoutMs: 200 })).toEqual(['5 live.unknown']);
    await place.write(plan.replace('type: fs, path: ./near', 'type: gcs, bucket: copies'));
    expect(await place.codes()).toEqual(['5 live.unknown']);
  });
});

/** Every file below a folder with its size and time. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const lines = entries.map(async (entry) => {
    const { size, mtimeMs } = await stat(`${entry.parentPath}/${entry.name}`);
    return `${entry.parentPath}/${entry.name} ${size} ${mtimeMs}`;
  });
  return (await Promise.all(lines)).toSorted();
}
