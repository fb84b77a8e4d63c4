import { messagesOf } from '../../communications/index.ts';
import { formatDuration } from '../../core/index.ts';
import type { StatusFacts } from './facts.ts';
import type { Problem } from './status-types.ts';

/** Channels of the plan that did not take the last message, and messages that nobody took. */
export function channelProblems({ plan, records, nowMs }: StatusFacts): Problem[] {
  const { channels, waiting } = messagesOf(records);
  const failing = [...channels].flatMap(([name, { failingSinceMs, words }]): Problem[] => {
    if (failingSinceMs === undefined || !plan.channels.has(name)) return [];
    const said = `has taken no message for ${formatDuration(Math.max(0, nowMs - failingSinceMs))}: ${words}`;
    return [{ code: 'channel', about: `the channel ${name}`, words: said, hint: `lifeboat channel test ${name}` }];
  });
  const untaken = waiting.filter(({ rounds }) => rounds > 0);
  const [first] = untaken;
  if (first === undefined) return failing;
  const words = `${untaken.length} ${untaken.length === 1 ? 'was' : 'were'} taken by no channel, the first: ${first.subject}`;
  return [...failing, { code: 'channel', about: 'messages to people', words, hint: 'lifeboat channel test' }];
}
