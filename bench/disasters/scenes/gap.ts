import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../src/core/index.ts';
import { finding } from '../judge.ts';
import { judge, Stopwatch, type Scene } from '../scene.ts';

/**
 * The store lost one object of the log, and the server is gone too. PostgreSQL takes a gap for the end and would start happily: the restore
 * must refuse before it writes anything and name the last moment that can be had, and that moment must be had.
 */
export const gap: Scene = {
  name: 'lost-segment',
  title: 'a piece of the log lost in the store: refused, and the last reachable moment',
  rpoTargetSeconds: 0,
  rtoTargetSeconds: 90,
  play: async ({ prepare, seconds }) => {
    const ground = await prepare();
    await ground.pause(Math.max(4, seconds));
    const impactMs = systemClock.now();
    await ground.server.kill();
    await ground.stream.stop();
    const all = await ground.endLoad();
    await rm(await middleOfLog(join(ground.store, 'logs')));
    const watch = new Stopwatch(impactMs);
    const target = ground.newTarget();
    const refused = await ground.lifeboat('restore', 'shop', '--to', target, '--at', 'now');
    watch.done('detect');
    const said = (refused.json['error'] ?? {}) as Record<string, unknown>;
    const reachable = /--at (\S+Z)/.exec(String(said['hint']))?.[1];
    watch.done('decide');
    const restored = await ground.restore('--at', reachable ?? 'the hint names no moment');
    watch.done('execute');
    return judge({
      restored,
      all,
      toMs: Date.parse(String(reachable)),
      watch,
      more: [
        finding('to now is refused', `${String(said['code'])}, exit code ${refused.exitCode}`, 'log.gap, exit code 1'),
        finding('nothing was written', existsSync(target), false),
      ],
    });
  },
};

/** Objects are named so that their order is that of the log. */
async function middleOfLog(folder: string): Promise<string> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
  const pieces = names.map(({ parentPath, name }) => join(parentPath, name)).toSorted();
  return pieces[Math.floor(pieces.length / 2)] as string;
}
