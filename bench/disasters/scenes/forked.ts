import { systemClock } from '../../../src/core/index.ts';
import { finding, readBack, type Finding } from '../judge.ts';
import { judge, Stopwatch, untilNoticed, type Scene } from '../scene.ts';

/**
 * A disaster after a disaster: the copy that was restored is the new primary, on a timeline of its own and streamed from, when it dies too.
 * What comes back has both lives in it, over the fork.
 */
export const forked: Scene = {
  name: 'timeline-fork',
  title: 'the restored server becomes the primary, and is lost as well',
  rpoTargetSeconds: 2,
  rtoTargetSeconds: 60,
  play: async ({ prepare, seconds }) => {
    const ground = await prepare();
    await ground.pause(seconds);
    await ground.server.kill();
    await ground.stream.stop();
    const first = await ground.endLoad();
    const promoted = await ground.restore();
    // What the first disaster took is not asked of the second.
    const { ids } = await readBack(promoted.url);
    const kept = first.filter(({ id }) => ids.has(id));
    ground.goTo(promoted.url);
    await ground.startStream();
    await ground.startLoad();
    await ground.pause(seconds);
    const impactMs = systemClock.now();
    await Promise.all([ground.killCopies(), ground.stream.kill()]);
    const watch = new Stopwatch(impactMs);
    await untilNoticed(ground.url, watch);
    const { json: outlook } = await ground.mustDo('restore', 'shop', '--to', ground.newTarget(), '--dry-run');
    watch.done('decide');
    const restored = await ground.restore();
    watch.done('execute');
    const second = await ground.endLoad();
    const [before, after] = [Number(promoted.reached['timeline']), Number(restored.log['timeline'])];
    return judge({
      restored,
      all: [...kept, ...second],
      toMs: Math.max(impactMs, second.at(-1)?.atMs ?? 0),
      watch,
      more: [
        finding('the log goes on on the timeline of the new primary', after, before),
        ...foreseen(outlook),
        finding('of which nobody had a log before', before > Number(promoted.log['timeline']), true),
      ],
    });
  },
};

/** The dry run knew the way over the fork, how long it takes by the restore before, and what is started for it. */
function foreseen({ log, secondsExpected, starts }: Record<string, unknown>): Finding[] {
  const { ranges } = log as { ranges: { timeline: number }[] };
  return [
    finding('the dry run leads over both timelines', ranges.map(({ timeline }) => timeline).join(', '), '1, 2'),
    finding('it says how long that takes', Number(secondsExpected) > 0, true),
    finding('and what it starts', /^PostgreSQL \d+ of /.test(String(starts)), true),
  ];
}
