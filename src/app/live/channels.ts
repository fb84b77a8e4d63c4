import { formatDuration } from '../../core/index.ts';
import type { Finding } from '../../plan/index.ts';
import type { History } from './history.ts';
import type { World } from './world.ts';

/** Channels that did not take the last message that they were to take. No message is sent. */
export function judgeChannels(world: World, { channels }: History): Finding[] {
  const nowMs = world.clock.now();
  return [...world.plan.channels.keys()].flatMap((name) => {
    const fact = channels.get(name);
    if (fact?.failingSinceMs === undefined) return [];
    const since = formatDuration(Math.max(0, nowMs - fact.failingSinceMs));
    const message = `the channel ${name} has taken no message for ${since}: ${fact.words}`;
    return [world.found('live.channel_failing', ['channels', name], message, `lifeboat channel test ${name}`)];
  });
}
