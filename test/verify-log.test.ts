import { mkdir, readdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkspace } from '../src/app/index.ts';
import { silentProgress } from '../src/core/index.ts';
import { installedMajors } from '../src/testing/postgres/index.ts';
import { InPlaceScene } from './support/in-place-scene.ts';
import type { Answer } from './support/lifeboat.ts';

const installed = await installedMajors();
const major = installed.includes(17) ? 17 : installed[0];

describe.skipIf(major === undefined)(
  `verify, of a log${major === undefined ? ' (skipped: no PostgreSQL server)' : ''}`,
  () => {
    let scene: InPlaceScene;
    let gone = '';
    beforeAll(async () => {
      scene = await InPlaceScene.make(major as number);
      for (let n = 0; n < 4; n += 1) {
        await scene.cluster.sql(`insert into orders values (${-n})`);
        await scene.cluster.sql('select pg_switch_wal()');
      }
      await scene.mistake();
    });
    afterAll(async () => {
      await scene?.end();
    });

    const verify = (): Promise<Answer> => scene.place.run('verify', 'orders');
    const logChecks = ({ json }: Answer): unknown[] =>
      (json['checks'] as { check: string }[]).filter(({ check }) => check === 'log');

    it('of which nothing is missing says nothing', async () => {
      const answer = await verify();
      expect(answer, answer.stdout).toMatchObject({ exitCode: 0 });
      expect(logChecks(answer)).toEqual([]);
    });

    it('that lacks an object between others says what cannot be restored, though every object that is there is sound', async () => {
      const [log = ''] = await readdir(scene.place.path('near', 'logs'));
      const folder = scene.place.path('near', 'logs', log, '00000001');
      const whole = (await readdir(folder)).filter((name) => sizeOf(name) === 2 ** 20).toSorted();
      gone = join(folder, whole.at(-2) ?? '');
      await rename(gone, scene.place.path('gone'));
      const answer = await verify();
      expect(answer, answer.stdout).toMatchObject({
        exitCode: 1,
        json: { damage: [], error: { code: 'verify.unmet' } },
      });
      const words = expect.stringMatching(
        /^the log is missing from 0\/\w+ to 0\/\w+ on timeline 1, behind the point .*; no moment behind it can be restored: restore to 20/,
      );
      expect(logChecks(answer)).toEqual([{ asset: 'orders', store: 'near', check: 'log', verdict: 'failed', words }]);
      const [, moment = ''] = /restore to (20\S+?),/.exec(JSON.stringify(logChecks(answer))) ?? [];
      const until = await scene.place.run('restore', 'orders', '--to', './until', '--at', moment, '--dry-run');
      expect(until, until.stdout).toMatchObject({ exitCode: 0 });
    });

    it('goes on to fail when a point was taken behind the hole, for the moments before are promised, unless a stream told it; and is whole again when the object is back', async () => {
      await scene.backup();
      const answer = await verify();
      expect(answer).toMatchObject({ exitCode: 1 });
      const words = expect.stringMatching(
        /; moments from 20\S+ to 20\S+, when the next point was taken, cannot be restored$/,
      );
      expect(logChecks(answer)).toMatchObject([{ verdict: 'failed', words }]);
      // As a stream writes down what the server no longer had when it came.
      const [, from = ''] = /missing from (\S+) to/.exec(JSON.stringify(logChecks(answer))) ?? [];
      const workspace = await openWorkspace({
        planFile: scene.place.path('lifeboat.yaml'),
        stateFolder: scene.place.path('.lifeboat'),
        progress: silentProgress,
      });
      workspace.journal.append('stream.gap', {
        asset: 'orders',
        reason: `the server no longer has its log from ${from} to 0/1`,
      });
      await workspace.close();
      const told = await verify();
      expect(told, told.stdout).toMatchObject({ exitCode: 0 });
      expect(logChecks(told)).toMatchObject([{ verdict: 'ok', words }]);
      await rename(scene.place.path('gone'), gone);
      expect(await verify()).toMatchObject({ exitCode: 0 });
    });

    it('that begins behind a point says nothing of moments between that and the next, if no stream was there before', async () => {
      const folder = join(gone, '..');
      await mkdir(scene.place.path('earlier'));
      const isLater = (name: string): boolean => name > basename(gone);
      for (const name of (await readdir(folder)).filter((one) => !isLater(one)))
        await rename(join(folder, name), scene.place.path('earlier', name));
      const answer = await verify();
      expect(answer, answer.stdout).toMatchObject({ exitCode: 1 });
      const workspace = await openWorkspace({
        planFile: scene.place.path('lifeboat.yaml'),
        stateFolder: scene.place.path('.lifeboat'),
        progress: silentProgress,
      });
      workspace.journal.append('stream.started', { asset: 'orders', stores: ['near'] });
      await workspace.close();
      const begun = await verify();
      expect(begun, begun.stdout).toMatchObject({ exitCode: 0 });
      expect(logChecks(begun)).toEqual([]);
    });
  },
);

function sizeOf(name: string): number {
  const [start = '0', end = '0'] = name.split('-');
  return Number(BigInt(`0x${end}`) - BigInt(`0x${start}`));
}
