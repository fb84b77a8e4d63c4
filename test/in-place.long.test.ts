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

  /** Whether it was through before: a machine that is busy at one time and not at another makes no promise about parts of a time. */
  const killAfter = async (line: readonly string[], ms: number): Promise<boolean> => {
    const child = scene.place.start(line);
    child.stdout?.resume();
    child.stderr?.resume();
    const timer = setTimeout(() => child.kill('SIGKILL'), ms);
    const [exitCode] = (await once(child, 'close')) as [number | null];
    clearTimeout(timer);
    return exitCode === 0;
  };
  const half = (): boolean => existsSync(join(scene.cluster.dataFolder, 'lifeboat-in-place.json'));

  for (let index = 0; index < kills; index += 1) {
    const part = (index + ((seed * 9301 + index * 49_297) % 233_280) / 233_280) / kills;
    const how = index % 2 === 0 ? 'the same again completes it' : 'undo brings back every byte';
    it(`at ${Math.round(part * 100)} % of its time: ${how} (seed ${seed})`, { timeout: 600_000 }, async () => {
      const ended = await killAfter(words, part * wholeMs);
      // Half of two states does not start, and says so.
      if (!half()) expect(existsSync(join(scene.cluster.dataFolder, 'global', 'pg_control'))).toBe(true);
      if (index % 2 === 0) {
        // Killed between its end and its last word it is through as well: the same again would be another restore, of what it made.
        const isThrough = ended || (!half() && (await changed()));
        if (!isThrough) {
          const done = await scene.place.run(...words);
          expect(done, done.stderr).toMatchObject({ exitCode: 0 });
        }
        const image = await firstImage();
        expect(half()).toBe(false);
        await scene.start();
        expect(await scene.cluster.sql('select count(*)::int as n from orders')).toEqual([{ n: scene.rows }]);
        await scene.cluster.server.stop();
        // The undoing too, at the same part of its time.
        const { dataFolder } = scene.cluster;
        const undo = ['restore', 'undo', 'orders', '--to', dataFolder, '--yes', '--server', scene.server];
        await killAfter([...undo, '--point', image], (part * wholeMs) / 2);
        expect(await scene.undo('--point', image)).toMatchObject({ exitCode: 0 });
      } else if (half() || (await changed())) {
        const undone = await scene.undo();
        expect(undone, undone.stderr).toMatchObject({ exitCode: 0 });
      }
      expect(half()).toBe(false);
      expect(await portraitOf(scene.cluster.dataFolder)).toEqual(before);
    });
  }

  /** What stood there before the first attempt: what later ones of the same rewriting kept is forgotten. */
  const firstImage = async (): Promise<string> => {
    const { json } = await scene.place.run('points');
    const { points } = json as { points: { id: string; asset: string }[] };
    const images = points.filter(({ asset }) => asset === 'orders@before-image').map(({ id }) => id);
    return images.toSorted().at(-1) as string;
  };

  const changed = async (): Promise<boolean> => {
    const now = await portraitOf(scene.cluster.dataFolder);
    return JSON.stringify([...now]) !== JSON.stringify([...before]);
  };
});
