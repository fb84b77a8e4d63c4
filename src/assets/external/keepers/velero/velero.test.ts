import { chmod, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { s3ServerMissing, startS3Server, type S3Server } from '../../../../testing/s3/index.ts';
import { makeTheirBucket } from '../../testing/bucket.ts';
import { openExternal, withRestored } from '../../testing/restored.ts';
import { veleroFiles, writeVelero } from '../../testing/velero-backup.ts';

const hourMs = 3_600_000;
const secondsAgo = (ms: number): number => Math.floor((Date.now() - ms) / 1000) * 1000;

let folder: string;
let location: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-velero-'));
  location = join(folder, 'location');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const assetOf = (more: object = {}) =>
  openExternal({ from: { velero: { folder: 'location' }, ...more }, as: 'files' }, folder);
const redOf = async (asset = assetOf()): Promise<Record<string, string>> =>
  Object.fromEntries((await asset.check('source', [])).filter(({ ok }) => !ok).map((one) => [one.name, one.observed]));

describe('backups of Velero', () => {
  it('are points when they completed and have not expired, oldest first, of one schedule if that is asked', async () => {
    const startMs = secondsAgo(2 * hourMs);
    await writeVelero(location, { name: 'nightly-2', startMs, schedule: 'nightly' });
    await writeVelero(location, { name: 'by-hand', startMs: startMs - hourMs });
    await writeVelero(location, { name: 'old', startMs: startMs - 9 * hourMs, expiresMs: startMs });
    await writeVelero(location, { name: 'partial', startMs: startMs + 1000, phase: 'PartiallyFailed', errors: 3 });
    await writeVelero(location, { name: 'running', startMs: startMs + 2000, phase: 'InProgress' });
    const listed = await assetOf().outside();
    expect(listed.map(({ id, atMs, files }) => [id, atMs, files])).toEqual([
      ['by-hand', startMs - hourMs, 2],
      ['nightly-2', startMs, 2],
    ]);
    expect((await assetOf({ schedule: 'nightly' }).outside()).map(({ id }) => id)).toEqual(['nightly-2']);
    expect(await redOf()).toEqual({
      'the last backup completed': expect.stringMatching(/^partial: PartiallyFailed.*3 errors/),
    });
    expect(await redOf(assetOf({ schedule: 'nightly' }))).toEqual({});
  });

  it('give their objects as files, whole or not at all', async () => {
    await writeVelero(location, { name: 'one', startMs: secondsAgo(hourMs) });
    const asset = assetOf();
    const [point] = await asset.outside();
    await withRestored(asset, point, async ({ url }) => {
      const path = join(url, 'resources', 'configmaps', 'namespaces', 'shop', 'settings.json');
      expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ metadata: { name: 'settings' } });
    });
    await truncate(join(location, 'backups', 'one', 'one.tar.gz'), 200);
    await expect(withRestored(asset, point, async () => {})).rejects.toMatchObject({ code: 'asset.corrupt' });
    expect(Object.keys(await redOf(asset))).toContain('the contents of the newest backup are whole');
  });

  it('that lost an object, have no description, or one that is not understood are red and named', async () => {
    const startMs = secondsAgo(hourMs);
    await writeVelero(location, { name: 'good', startMs: startMs - hourMs });
    await writeVelero(location, { name: 'lossy', startMs, lost: ['shop/settings'] });
    for (const name of ['bare', 'odd']) await mkdir(join(location, 'backups', name));
    await writeFile(join(location, 'backups', 'bare', 'bare-logs.gz'), 'x');
    await writeFile(join(location, 'backups', 'odd', 'velero-backup.json'), '{"metadata": 3}');
    const red = await redOf();
    expect(red['the contents of the newest backup are whole']).toMatch(
      /lossy: 1 of 2 objects; v1\/ConfigMap shop\/settings/,
    );
    expect(red['every backup has its parts']).toMatch(/bare: it has no velero-backup.json; odd: .*not understood/);
    expect((await assetOf().outside()).map(({ id }) => id)).toEqual(['good', 'lossy']);
  });

  it('that run for more than a day hang, and are red', async () => {
    await writeVelero(location, { name: 'good', startMs: secondsAgo(30 * hourMs) });
    await writeVelero(location, { name: 'hung', startMs: secondsAgo(25 * hourMs), phase: 'InProgress' });
    expect(await redOf()).toEqual({ 'the last backup completed': expect.stringMatching(/^hung: InProgress/) });
  });

  it('of another place than a storage location are an error with a hint', async () => {
    await mkdir(location);
    await expect(assetOf().outside()).rejects.toMatchObject({ code: 'asset.unreadable', hint: expect.any(String) });
  });
});

describe('volumes that a backup calls Completed and does not hold', () => {
  // A namespace may be called as Velero calls the folder of what is in none.
  const objects = { 'v1/PersistentVolume': ['pv-1', 'pv-2'], 'v1/Namespace': ['shop'], 'v1/Secret': ['cluster/key'] };

  it('velero-io#5380: a volume that was skipped is red, unless the plan says that some are left out', async () => {
    await writeVelero(location, { name: 'one', startMs: secondsAgo(hourMs), objects, podVolumes: ['Completed'] });
    expect(await redOf()).toEqual({
      'the volumes of the newest backup are in it': expect.stringMatching(/2 persistent volumes, 1 without any/),
    });
    expect(await redOf(assetOf({ volumes: 'some' }))).toEqual({});
  });

  it('velero-io#6748: a snapshot that is not there is red', async () => {
    const snapshots = ['Completed', 'Failed'];
    await writeVelero(location, { name: 'one', startMs: secondsAgo(hourMs), objects, snapshots });
    expect(await redOf(assetOf({ volumes: 'some' }))).toEqual({
      'the volumes of the newest backup are in it': expect.stringMatching(/1 of 2 copies of volumes completed/),
    });
  });
});

// Stand-ins for the two programs: no cluster runs here. They note what they were called with, and answer as told.
describe('a restore into a cluster', () => {
  const path = process.env['PATH'];
  afterEach(() => void (process.env['PATH'] = path));
  const into = { namespaces: { shop: 'shop-restored' } };

  async function program(name: string, script: string): Promise<void> {
    const bin = join(folder, 'bin');
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, name), `#!/bin/sh\necho "${name} $*" >> ${folder}/calls\n${script}\n`);
    await chmod(join(bin, name), 0o755);
    process.env['PATH'] = `${bin}:${path}`;
  }
  const kubectl = `case "$*" in *"get namespace"*) if [ -e ${'$'}0.made ]; then echo namespace/shop-restored; fi;; esac`;
  const velero = (status: object): string => `case "$2" in
create) touch "$(dirname "$0")/kubectl.made";;
get) echo '${JSON.stringify({ status })}';;
esac`;
  const restore = async (work: (url: string, warnings: string[]) => Promise<void> = async () => {}): Promise<void> => {
    await writeVelero(location, { name: 'one', startMs: secondsAgo(hourMs) });
    const asset = assetOf({ into });
    await withRestored(asset, (await asset.outside())[0], ({ url }, warnings) => work(url, warnings));
  };

  it('goes through velero into new namespaces, and is asked about afterwards', async () => {
    await program('kubectl', kubectl);
    const progress = { totalItems: 2, itemsRestored: 2 };
    await program('velero', velero({ phase: 'Completed', warnings: 1, progress }));
    await restore(async (url, warnings) => {
      expect((await readdir(url)).sort()).toEqual(['describe.txt', 'log.txt', 'restore.json']);
      expect(warnings).toEqual([expect.stringMatching(/restored one with 1 warnings/)]);
    });
    expect(await readFile(join(folder, 'calls'), 'utf8')).toMatch(
      /velero restore create lifeboat-\w+ --from-backup one --include-namespaces shop --namespace-mappings shop:shop-restored --wait/,
    );
  });

  it('velero-io#8339: one that is not complete is an error, whatever velero’s exit code says', async () => {
    await program('kubectl', kubectl);
    for (const status of [
      { phase: 'PartiallyFailed', errors: 2, progress: { totalItems: 2, itemsRestored: 2 } },
      { phase: 'Completed', progress: { totalItems: 2, itemsRestored: 1 } },
    ]) {
      await program('velero', velero(status));
      await rm(join(folder, 'bin', 'kubectl.made'), { force: true });
      await expect(restore()).rejects.toMatchObject({ code: 'asset.corrupt', hint: /velero restore logs/ });
    }
    // A namespace that is not there afterwards was not restored.
    await program('velero', velero({ phase: 'Completed' }).replace('touch', 'true'));
    await rm(join(folder, 'bin', 'kubectl.made'), { force: true });
    await expect(restore()).rejects.toMatchObject({ code: 'asset.corrupt', message: /no namespace shop-restored/ });
  });

  it('refuses a namespace that exists, where Velero would pass over what is there', async () => {
    await program('kubectl', kubectl);
    await program('velero', velero({ phase: 'Completed' }));
    await writeFile(join(folder, 'bin', 'kubectl.made'), '');
    await expect(restore()).rejects.toMatchObject({ code: 'restore.target_not_empty' });
    expect(await readFile(join(folder, 'calls'), 'utf8')).not.toMatch(/restore create/);
    expect(() => assetOf({ into: { namespaces: { shop: 'shop' } } })).toThrow(/goes beside/);
  });

  it('without the program says what to install', async () => {
    process.env['PATH'] = '/nowhere';
    const failed = withoutWriting();
    await expect(failed).rejects.toMatchObject({ code: 'asset.tool_missing', hint: /velero\/releases/ });
  });

  async function withoutWriting(): Promise<void> {
    process.env['PATH'] = path;
    await writeVelero(location, { name: 'one', startMs: secondsAgo(hourMs) });
    const asset = assetOf({ into });
    const [point] = await asset.outside();
    process.env['PATH'] = '/nowhere';
    await withRestored(asset, point, async () => {});
  }
});

const missing = s3ServerMissing();

describe.skipIf(missing !== undefined)(`backups of Velero in a bucket ${missing ?? ''}`, () => {
  let server: S3Server;
  beforeAll(async () => void (server = await startS3Server()));
  afterAll(() => server.destroy());

  it('are judged and given back as from a folder', async () => {
    const bucket = await makeTheirBucket(server, 'velero');
    const startMs = secondsAgo(hourMs);
    for (const name of ['a', 'b'])
      for (const [key, bytes] of await veleroFiles({ name, startMs: startMs + (name === 'b' ? 1000 : 0) }))
        await bucket.put(`cluster-1/${key}`, bytes);
    const from = { velero: { ...bucket.access, prefix: 'cluster-1' } };
    const asset = openExternal({ from, as: 'files' }, folder);
    expect((await asset.outside()).map(({ id, keptIn }) => [id, keptIn])).toEqual([
      ['a', 'velero s3:velero/cluster-1'],
      ['b', 'velero s3:velero/cluster-1'],
    ]);
    expect(await redOf(asset as never)).toEqual({});
    await withRestored(asset, (await asset.outside())[1], async ({ url }) =>
      expect(await readdir(join(url, 'resources'))).toEqual(['configmaps', 'namespaces']),
    );
  });
});
