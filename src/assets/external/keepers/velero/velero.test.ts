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
    await writeVelero(location, { name: 'one', startMs: secondsAgo(hourMs), objects, podVolumes: ['Completed a'] });
    expect(await redOf()).toEqual({
      'the volumes of the newest backup are in it': expect.stringMatching(
        /2 persistent volumes, 1 without any \(1 of pv-1, pv-2\)/,
      ),
    });
    expect(await redOf(assetOf({ volumes: 'some' }))).toEqual({});
  });

  it('velero-io#6748: a snapshot that is not there is red', async () => {
    const snapshots = ['Completed pv-1', 'Failed pv-2'];
    await writeVelero(location, { name: 'one', startMs: secondsAgo(hourMs), objects, snapshots });
    expect(await redOf(assetOf({ volumes: 'some' }))).toEqual({
      'the volumes of the newest backup are in it': expect.stringMatching(/1 of 2 copies of volumes completed/),
    });
  });

  it('are found by claim: what a pod keeps beside its claims, and a claim that two pods share, cover no other volume', async () => {
    const podVolumes = ['Completed a', 'Completed a', 'Completed'];
    await writeVelero(location, { name: 'one', startMs: secondsAgo(hourMs), objects, podVolumes });
    expect(Object.values(await redOf())).toEqual([expect.stringMatching(/3 of 3 copies .*, 1 without any/)]);
  });

  it('are told one by one by newer ones of Velero, with the reason why one was skipped', async () => {
    const first = {
      pvName: 'pv-1',
      pvcName: 'a',
      backupMethod: 'CSISnapshot',
      snapshotDataMoved: true,
      result: 'succeeded',
    };
    const second = { pvName: 'pv-2', pvcName: 'b', backupMethod: 'PodVolumeBackup', result: 'succeeded' };
    const scratch = { backupMethod: 'PodVolumeBackup', pvbInfo: { volumeName: 'tmp' }, result: 'succeeded' };
    const written = async (...volumeInfo: object[]): Promise<string[]> => {
      await writeVelero(location, { name: 'one', startMs: secondsAgo(hourMs), objects, volumeInfo });
      return Object.values(await redOf());
    };
    expect(await written(first, second)).toEqual([]);
    expect(await written(first, scratch, scratch)).toEqual([expect.stringMatching(/1 without any \(pv-2\)/)]);
    const skipped = { pvName: 'pv-2', skipped: true, skippedReason: 'no volume snapshotter' };
    expect(await written(first, skipped)).toEqual([
      expect.stringMatching(/1 without any \(pv-2: no volume snapshotter\)/),
    ]);
    expect(await written(first, { ...second, result: 'failed' })).toEqual([expect.stringMatching(/1 of 2 copies/)]);
  });

  it('whose snapshots are moved on are counted by the moves', async () => {
    const spec = { snapshotMoveData: true };
    const counted = async (status: object, more: object = {}): Promise<string[]> => {
      await writeVelero(location, { name: 'one', startMs: secondsAgo(hourMs), objects, spec, status, ...more });
      return Object.values(await redOf());
    };
    expect(await counted({ backupItemOperationsAttempted: 2, backupItemOperationsCompleted: 2 })).toEqual([]);
    expect(await counted({ backupItemOperationsAttempted: 2, backupItemOperationsCompleted: 1 })).toHaveLength(1);
    expect(
      await counted({ backupItemOperationsAttempted: 2, backupItemOperationsCompleted: 2 }, { spec: {} }),
    ).toHaveLength(1);
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

  it('that is complete stays so where its log cannot be had, which is said', async () => {
    await program('kubectl', kubectl);
    const status = { phase: 'Completed', progress: { totalItems: 2, itemsRestored: 2 } };
    await program('velero', velero(status).replace('esac', 'logs) echo no such bucket >&2; exit 1;;\nesac'));
    await restore(async (url, warnings) => {
      expect(warnings).toEqual([expect.stringMatching(/velero restore logs lifeboat-\w+ cannot be had/)]);
      expect(await readFile(join(url, 'log.txt'), 'utf8')).toMatch(/no such bucket/);
    });
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
