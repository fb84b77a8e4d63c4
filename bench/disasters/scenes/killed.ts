import { rm } from 'node:fs/promises';
import { systemClock } from '../../../src/core/index.ts';
import type { Acknowledged } from '../load.ts';
import { judge, Stopwatch, untilNoticed, type Scene } from '../scene.ts';

/** The whole machine is gone at once: the server and the stream beside it. */
export const killed: Scene = {
  name: 'kill',
  title: 'kill -9 of server and stream, under load',
  rpoTargetSeconds: 2,
  rtoTargetSeconds: 60,
  play: async ({ prepare, seconds }) => {
    const ground = await prepare();
    await ground.pause(seconds);
    const impactMs = systemClock.now();
    await Promise.all([ground.server.kill(), ground.stream.kill()]);
    const watch = new Stopwatch(impactMs);
    await untilNoticed(ground.url, watch);
    const restored = await ground.restore();
    watch.done('execute');
    const all = await ground.endLoad();
    return judge({ restored, all, toMs: endOf(all, impactMs), watch });
  },
};

/** The disk of the server dies; who streams from another machine stays. */
export const lostFolder: Scene = {
  name: 'lost-folder',
  title: 'data directory lost, under load',
  rpoTargetSeconds: 2,
  rtoTargetSeconds: 60,
  play: async ({ prepare, seconds }) => {
    const ground = await prepare();
    await ground.pause(seconds);
    const impactMs = systemClock.now();
    await ground.server.kill();
    await rm(ground.dataFolder, { recursive: true, force: true });
    const watch = new Stopwatch(impactMs);
    await untilNoticed(ground.url, watch);
    await ground.stream.stop();
    const restored = await ground.restore();
    watch.done('execute');
    const all = await ground.endLoad();
    return judge({ restored, all, toMs: endOf(all, impactMs), watch });
  },
};

/** A commit may be answered while the server is being killed: that one counts too. */
const endOf = (all: readonly Acknowledged[], impactMs: number): number => Math.max(impactMs, all.at(-1)?.atMs ?? 0);
