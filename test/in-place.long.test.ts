import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installedMajors } from '../src/testing/postgres/index.ts';
import { seed } from '../src/testing/seed.ts';
import { InPlaceScene, portraitOf } from './support/in-place-scene.ts';

const [major] = await installedMajors();
const reason = major === undefined ? '(skipped: no PostgreSQL server)' : '';
const kills = 14;

describe.skipIf(major === undefined)(`restore --in-place, killed ${reason}`, () => {
  let scene: InPlaceScene;
  let words: string[];
  let before: Map<string, string>;
  let wholeMs: number;

  beforeAll(async () => {
    scene = await InPlaceScene.make(major as number);
    const mistake = await scene.mistake();
    const { dataFolder } = scene.cluster;
    words = ['restore', 'orders', '--to', dataFolder, '--in-place', '--before', mistake];
    words.push('--yes', '--server', scene.server);
    await scene.cluster.server.stop();
    before = await portraitOf(dataFolder);
    const startedMs = performance.now();
    const child = scene.place.start(words);
    child.stdout?.resume();
    child.stderr?.resume();
    await once(child, 'close');
    wholeMs = performance.now() - startedMs;
    const undone = await scene.undo();
    if (undone.exitCode !== 0) throw new Error(undone.stderr);
  }, 600_000);
  afterAll(async () => {
    await scene?.end();
  });

  const killAfter = async (line: readonly string[], ms: number): Promise<void> => {
    const child = scene.place.start(line);
    child.stdout?.resume();
    child.stderr?.resume();
    const timer = setTimeout(() => child.kill('SIGKILL'), ms);
    await once(child, 'close');
    clearTimeout(timer);
  };
  const half = (): boolean => existsSync(join(scene.cluster.dataFolder, 'lifeboat-in-place.json'));

  for (let index = 0; index < kills; index += 1) {
    const part = (index + ((seed * 9301 + index * 49_297) % 233_280) / 233_280) / kills;
    const how = index % 2 === 0 ? 'the same again completes it' : 'undo brings back every byte';
    it(`at ${Math.round(part * 100)} % of its time: ${how} (seed ${seed})`, { timeout: 600_000 }, async () => {
      await killAfter(words, part * wholeMs);
      // Half of two states does not start, and says so.
      if (!half()) expect(existsSync(join(scene.cluster.dataFolder, 'global', 'pg_control'))).toBe(true);
      if (index % 2 === 0) {
        const done = await scene.place.run(...words);
        expect(done, done.stderr).toMatchObject({ exitCode: 0 });
        expect(half()).toBe(false);
        await scene.start();
        expect(await scene.cluster.sql('select count(*)::int as n from orders')).toEqual([{ n: scene.rows }]);
        await scene.cluster.server.stop();
        // The undoing too, at the same part of its time.
        const { dataFolder } = scene.cluster;
        const undo = ['restore', 'undo', 'orders', '--to', dataFolder, '--yes', '--server', scene.server];
        await killAfter([...undo, '--point', String(done.json['before'])], (part * wholeMs) / 2);
        expect(await scene.undo('--point', String(done.json['before']))).toMatchObject({ exitCode: 0 });
      } else if (half() || (await changed())) {
        const undone = await scene.undo();
        expect(undone, undone.stderr).toMatchObject({ exitCode: 0 });
      }
      expect(half()).toBe(false);
      expect(await portraitOf(scene.cluster.dataFolder)).toEqual(before);
    });
  }

  const changed = async (): Promise<boolean> => {
    const now = await portraitOf(scene.cluster.dataFolder);
    return JSON.stringify([...now]) !== JSON.stringify([...before]);
  };
});
