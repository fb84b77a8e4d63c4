import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkspace } from '../src/app/index.ts';
import { silentProgress } from '../src/core/index.ts';
import { installedMajors } from '../src/testing/postgres/index.ts';
import { InPlaceScene } from './support/in-place-scene.ts';
import { endOf, type Answer } from './support/lifeboat.ts';

const installed = await installedMajors();
const major = installed.includes(17) ? 17 : installed[0];

describe.skipIf(major === undefined)(
  `log that is damaged or missing in a store${major === undefined ? ' (skipped: no PostgreSQL server)' : ''}`,
  () => {
    let scene: InPlaceScene;
    /** Of whole segments, in their order. */
    let paths: string[];
    let early = '';
    beforeAll(async () => {
      scene = await InPlaceScene.make(major as number);
      for (let n = 0; n < 5; n += 1) {
        await scene.cluster.sql(`insert into orders values (${-n})`);
        const [row] = await scene.cluster.sql('select pg_current_wal_flush_lsn()::text as lsn');
        early ||= String(row?.['lsn']);
        await scene.cluster.sql('select pg_switch_wal()');
      }
      await scene.mistake();
      const [log = ''] = await readdir(scene.place.path('near', 'logs'));
      const folder = scene.place.path('near', 'logs', log, '00000001');
      const whole = (await readdir(folder)).filter((name) => sizeOf(name) === 2 ** 20).toSorted();
      paths = whole.map((name) => join(folder, name));
    });
    afterAll(async () => {
      await scene?.end();
    });

    /** Bytes of its content, as a disk that lies leaves it. */
    async function damage(path: string): Promise<() => Promise<void>> {
      const before = await readFile(path);
      const bytes = Buffer.from(before);
      const at = Math.floor(bytes.length * 0.7);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      await writeFile(path, bytes);
      return () => writeFile(path, before);
    }
    const objectOf = (path: string): string => path.slice(scene.place.path('near').length + 1);
    const run = (...words: string[]): Promise<Answer> => scene.place.run(...words);
    const dry = (...words: string[]): Promise<Answer> =>
      run('restore', 'orders', '--to', './out', '--dry-run', ...words);
    const ofLog = ({ json }: Answer): unknown[] =>
      (json['problems'] as { code: string }[]).filter(({ code }) => code === 'log');
    const holes = ({ json }: Answer): unknown =>
      (json['assets'] as { stores: { holes: unknown }[] }[])[0]?.stores[0]?.holes;
    const noted = async (kind: string, data: Record<string, unknown>): Promise<void> => {
      const workspace = await openWorkspace({
        planFile: scene.place.path('lifeboat.yaml'),
        stateFolder: scene.place.path('.lifeboat'),
        progress: silentProgress,
      });
      workspace.journal.append(kind, data);
      await workspace.close();
    };

    it('is seen by status, with the moments that are lost: nobody had to ask for a verification', async () => {
      expect(ofLog(await run('status'))).toEqual([]);
      const path = paths.at(-2) as string;
      await rename(path, scene.place.path('gone'));
      const status = await run('status');
      expect(status.exitCode).toBe(1);
      const lost = expect.stringMatching(
        /^the log is missing from 0\/\w+ to 0\/\w+ on timeline 1, behind the point .*: restore to 20\S+, and take a point now$/,
      );
      expect(ofLog(status)).toMatchObject([
        { about: 'orders in near', words: lost, hint: expect.stringMatching(/^lifeboat backup orders/) },
      ]);
      expect(holes(status)).toMatchObject([
        { timeline: 1, lostFrom: expect.stringMatching(/^20/), lostTo: null, damaged: [], told: false },
      ]);
      await rename(scene.place.path('gone'), path);
      expect(ofLog(await run('status'))).toEqual([]);
    });

    let whole: () => Promise<void>;
    let object = '';
    it('that a plain verification finds damaged is told with the moments that are lost', async () => {
      expect((await run('verify', 'orders')).exitCode).toBe(0);
      object = objectOf(paths.at(-2) as string);
      whole = await damage(paths.at(-2) as string);
      const answer = await run('verify', 'orders');
      expect(answer, answer.stdout).toMatchObject({ exitCode: 1, json: { damage: [{ object, kind: 'log' }] } });
      const words = expect.stringMatching(
        /^the log cannot be read \(logs\/\S+ is damaged\) from 0\/\w+ to 0\/\w+ on timeline 1, behind the point .*; no moment behind it/,
      );
      expect((answer.json['checks'] as { check: string }[]).filter(({ check }) => check === 'log')).toMatchObject([
        { verdict: 'failed', words },
      ]);
    });

    it('is remembered: status says so, and a restore and its dry run are refused in the same words as for one that is missing', async () => {
      const status = await run('status');
      expect(ofLog(status)).toMatchObject([{ words: expect.stringContaining(`(${object} is damaged)`) }]);
      expect(holes(status)).toMatchObject([{ lostTo: null, damaged: [object], told: false }]);
      const refused = await dry();
      expect(refused).toMatchObject({
        exitCode: 1,
        json: {
          error: {
            code: 'log.gap',
            where: object,
            message: expect.stringMatching(
              /^the log does not lead from the point \S+ to its end: it is without a gap up to 0\/\w+ on timeline 1, 20\S+; what comes then is damaged/,
            ),
            hint: expect.stringMatching(/^Restore what is there: --at 20/),
          },
        },
      });
      const real = await run('restore', 'orders', '--to', './out');
      expect(real.json['error']).toEqual(refused.json['error']);
      await expect(stat(scene.place.path('out'))).rejects.toMatchObject({ code: 'ENOENT' });
      const [, moment = ''] = /--at (20\S+?);/.exec(JSON.stringify(refused.json['error'])) ?? [];
      const until = await dry('--at', moment);
      expect(until, until.stdout).toMatchObject({ exitCode: 0 });
    });

    it('is forgotten when the object is whole again, whoever wrote it', async () => {
      await whole();
      expect(ofLog(await run('status'))).toEqual([]);
      expect(await dry()).toMatchObject({ exitCode: 0 });
    });

    it('that nobody had read is met by the restore, which says what can be restored, and is known from then on', async () => {
      const mend = await damage(paths.at(-3) as string);
      expect(await dry()).toMatchObject({ exitCode: 0 });
      const real = await run('restore', 'orders', '--to', './out');
      expect(real, real.stdout).toMatchObject({
        exitCode: 1,
        json: {
          error: {
            code: 'log.gap',
            where: objectOf(paths.at(-3) as string),
            message: expect.stringMatching(/: it is without a gap up to 0\/\w+ on timeline 1, 20\S+; what comes then/),
            hint: expect.stringMatching(/^Restore what is there: --at 20/),
          },
        },
      });
      expect((await dry()).json['error']).toEqual(real.json['error']);
      expect(ofLog(await run('status'))).toHaveLength(1);
      await mend();
      expect(await dry()).toMatchObject({ exitCode: 0 });
    });

    it('in a sample counts as what was never read before what was: so many bytes of it are read as of points', async () => {
      const mend = await damage(paths.at(0) as string);
      const read = await run('verify', 'orders', '--budget', '100%');
      expect(read).toMatchObject({ exitCode: 1, json: { damage: [{ object: objectOf(paths.at(0) as string) }] } });
      await mend();
    });

    it('a look ahead tells the log up to its target, and calls a point that is too new just that', async () => {
      const all = (await dry()).json['log'] as { to: string; bytes: number; end: string; ranges: { pieces: number }[] };
      const some = (await dry('--at', early)).json['log'] as typeof all;
      expect(some).toMatchObject({ to: early, end: all.to, ranges: [{ to: early }] });
      expect(some.bytes).toBeLessThan(all.bytes);
      expect(some.ranges[0]?.pieces).toBeLessThan(all.ranges[0]?.pieces as number);
      const { exitCode, stdout } = await endOf(
        scene.place.start(['restore', 'orders', '--to', './out', '--at', early, '--dry-run']),
      );
      expect([exitCode, stdout]).toEqual([
        0,
        expect.stringMatching(
          new RegExp(
            `^log {7}0/\\w+ to ${early} on timeline 1 \\(.*\\), without a gap; the log goes on to ${all.to}, 20`,
            'm',
          ),
        ),
      ]);
      await scene.backup();
      expect((await dry('--at', early)).json['rejected']).toMatchObject([
        { reason: 'it was taken after what was asked for' },
      ]);
    });

    it('behind which a point was taken stays red, unless the stream said so when it came: then it is told, and no alarm', async () => {
      const path = paths.at(-2) as string;
      await rename(path, scene.place.path('gone'));
      const open = await run('status');
      expect(ofLog(open)).toMatchObject([
        {
          words: expect.stringMatching(
            /; moments from 20\S+ to 20\S+, when the next point was taken, cannot be restored$/,
          ),
        },
      ]);
      const [, from = ''] = /missing from (\S+) to/.exec(JSON.stringify(ofLog(open))) ?? [];
      await noted('stream.gap', { asset: 'orders', reason: `the server no longer has its log from ${from} to 0/1` });
      const told = await run('status');
      expect(ofLog(told)).toEqual([]);
      expect(holes(told)).toMatchObject([{ lostTo: expect.stringMatching(/^20/), told: true }]);
      const { stdout } = await endOf(scene.place.start(['status']));
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain('orders in near: the log is missing from');
      await rename(scene.place.path('gone'), path);
    });
  },
);

function sizeOf(name: string): number {
  const [start = '0', end = '0'] = name.split('-');
  return Number(BigInt(`0x${end}`) - BigInt(`0x${start}`));
}
