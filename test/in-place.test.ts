import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installedMajors } from '../src/testing/postgres/index.ts';
import { InPlaceScene, portraitOf } from './support/in-place-scene.ts';

const installed = await installedMajors();
const major = installed.includes(17) ? 17 : installed[0];
const reason = major === undefined ? '(skipped: no PostgreSQL server)' : '';

describe.skipIf(major === undefined)(`restore --in-place ${reason}`, () => {
  let scene: InPlaceScene;
  beforeAll(async () => {
    scene = await InPlaceScene.make(major as number);
  });
  afterAll(async () => {
    await scene?.end();
  });

  it('refuses a folder where a server runs, and changes nothing', async () => {
    const answer = await scene.restore();
    expect(answer).toMatchObject({ exitCode: 2, json: { error: { code: 'restore.target_unusable' } } });
    expect(answer.json).toMatchObject({ error: { message: expect.stringMatching(/a server runs on/) } });
  });

  it('asks for a yes and the name of the cluster, and says who is there', async () => {
    await scene.cluster.server.stop();
    const before = await portraitOf(scene.cluster.dataFolder);
    const dry = await scene.restore('--dry-run');
    expect(dry, dry.stderr).toMatchObject({ exitCode: 0, json: { dryRun: true, server: scene.server } });
    for (const words of [['--yes'], ['--server', scene.server]])
      expect(await scene.restore(...words)).toMatchObject({
        exitCode: 3,
        json: { error: { code: 'restore.consent' } },
      });
    expect(await scene.restore('--yes', '--server', '1')).toMatchObject({ json: { error: { code: 'asset.foreign' } } });
    expect(await scene.restore('--yes', '--server', scene.server, '--start')).toMatchObject({ exitCode: 2 });
    expect(await portraitOf(scene.cluster.dataFolder)).toEqual(before);
    await scene.start();
  });

  it('writes what differs, replays to just before the mistake, and undo brings back every byte', async () => {
    const mistake = await scene.mistake();
    await scene.cluster.server.stop();
    const before = await portraitOf(scene.cluster.dataFolder);
    const dry = await scene.restore('--before', mistake, '--dry-run');
    const { bytes, differs } = dry.json as {
      bytes: number;
      differs: { files: number; bytes: number; removed: number };
    };
    expect(dry.json).toMatchObject({ secondsExpected: null, expectedFrom: null, log: { timeline: 1 } });
    expect(await portraitOf(scene.cluster.dataFolder)).toEqual(before);
    const done = await scene.restore('--before', mistake, '--yes', '--server', scene.server);
    expect(done, done.stderr).toMatchObject({ exitCode: 0, json: { reached: { timeline: 2 } } });
    const { written } = done.json as { written: { bytes: number; bytesWritten: number } };
    expect(written.bytesWritten).toBeLessThan(written.bytes / 2);
    // By sizes and times: as much as was written at least, for pages are told by reading, and not nearly everything.
    expect(differs.bytes).toBeGreaterThanOrEqual(written.bytesWritten);
    expect(differs.bytes).toBeLessThan(bytes / 2);
    await scene.start();
    expect(await scene.cluster.sql('select count(*)::int as n from orders')).toEqual([{ n: scene.rows }]);
    // As production runs it: its own configuration, nothing of a copy left.
    expect(await scene.cluster.sql('show archive_timeout')).toEqual([{ archive_timeout: '33min' }]);
    await scene.cluster.server.stop();
    expect([...(await portraitOf(scene.cluster.dataFolder)).keys()].filter((path) => /lifeboat/.test(path))).toEqual(
      [],
    );

    // One that was cut off before its first change kept what is there now: that is not what was there before.
    await expect(scene.undoCutOff()).rejects.toMatchObject({ code: 'store.unreachable' });
    const undone = await scene.undo();
    expect(undone, undone.stderr).toMatchObject({ exitCode: 0, json: { image: done.json['before'] } });
    expect(await portraitOf(scene.cluster.dataFolder)).toEqual(before);
    await scene.start();
    expect(await scene.cluster.sql('select count(*)::int as n from orders')).toEqual([{ n: 0 }]);
  });

  it('finds damage that times and sizes do not show', async () => {
    await scene.backup();
    const [row] = await scene.cluster.sql(`select pg_relation_filepath('large') as path`);
    await scene.cluster.server.stop();
    const place = join(scene.cluster.dataFolder, String(row?.['path']));
    await scene.damage(place);
    const dry = await scene.restore('--dry-run');
    expect(dry.json).toMatchObject({
      secondsExpected: expect.any(Number),
      expectedFrom: expect.stringMatching(/^by the restore in place of 20/),
    });
    const done = await scene.restore('--yes', '--server', scene.server);
    expect(done, done.stderr).toMatchObject({ exitCode: 0 });
    await scene.start();
    expect(await scene.cluster.sql('select sum(length(filler))::int as n from large')).toEqual([{ n: scene.largeSum }]);
  });

  it('trap "remove the old folder only if it is proven to be PGDATA": refuses another cluster, a folder that is none, and one that is not there', async () => {
    await scene.cluster.server.stop();
    const other = join(scene.cluster.folder, 'other');
    await mkdir(other);
    expect(await scene.restoreTo(other)).toMatchObject({
      exitCode: 2,
      json: { error: { code: 'restore.target_unusable' } },
    });
    expect(await scene.restoreTo(join(other, 'none'))).toMatchObject({
      json: { error: { code: 'restore.target_unusable' } },
    });
    const control = join(scene.cluster.dataFolder, 'global', 'pg_control');
    const bytes = await readFile(control);
    await scene.otherCluster(control);
    expect(await scene.restore('--dry-run')).toMatchObject({ json: { error: { code: 'asset.foreign' } } });
    await writeFile(control, bytes);
    await rm(other, { recursive: true });
    await scene.start();
  });
});
