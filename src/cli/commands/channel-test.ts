import { testChannels, type ChannelTest } from '../../app/index.ts';
import { LifeboatError } from '../../core/index.ts';
import type { Command } from '../command.ts';
import { withWorkspace } from '../with-workspace.ts';

export const command: Command = {
  description:
    'Sends a message that is clearly marked as a test to each channel of the plan, or to those that are named, and says who took it, what was answered, and which channel stood in for one that did not. People see it: tell them before. A case that it opens with a paging service is closed at once. What nobody took is not sent later. The results are in the journal: `status`, `check --live` and the metrics show a channel that fails until it takes a message. The exit code is 1 if a channel did not take it itself.',
  arguments: [{ name: 'CHANNEL', summary: 'only these channels of the plan', optional: true, many: true }],
  examples: ['lifeboat channel test', 'lifeboat channel test ops desk', 'lifeboat channel test --json | jq .channels'],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const { output, signal } = context;
      const tests = await testChannels(workspace, input.arguments('CHANNEL'), signal);
      if (tests.length === 0) output.line('The plan has no channels: nobody can be told of anything.');
      for (const test of tests) output.line(`${output.mark(test.ok)} ${wordsOf(test)}`);
      const json = { ok: tests.every(({ ok }) => ok), channels: tests.map(jsonOf) };
      const bad = tests.filter(({ ok }) => !ok);
      const [first] = bad;
      if (first === undefined) return { json };
      const more = bad.length === 1 ? '' : `, and ${bad.length - 1} more`;
      const message = `the channel ${first.channel} did not take its test${more}`;
      return {
        json,
        error: new LifeboatError('channel.failed', message, {
          where: first.channel,
          hint: 'Look at its address, its secret and its contacts; what it answered stands above.',
        }),
      };
    }),
};

function wordsOf({ channel, type, delivery, failed }: ChannelTest): string {
  const not = failed.length === 0 ? '' : `; not by ${failed.join('; ')}`;
  if (delivery === undefined) return `${channel} (${type}): ${failed.join('; ')}`;
  const { through, location, answer } = delivery;
  const by = through === channel ? '' : ` by ${through}, which stood in`;
  return `${channel} (${type}): taken${by} at ${location}, which said: ${answer}${not}`;
}

const jsonOf = ({ channel, type, ok, delivery, failed }: ChannelTest): Record<string, unknown> => ({
  channel,
  type,
  ok,
  through: delivery?.through ?? null,
  location: delivery?.location ?? null,
  answer: delivery?.answer ?? null,
  failed,
});
