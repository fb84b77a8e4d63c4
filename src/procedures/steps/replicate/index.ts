import { z } from 'zod';
import { formatBytes, formatDuration } from '../../../core/index.ts';
import { copyFailure } from '../../../operations/index.ts';
import { notExercised, type StepKind } from '../../step.ts';

const schema = z.strictObject({
  from: z.string().min(1),
  to: z.string().min(1),
  asset: z.string().min(1).optional().describe('What it is copied for; everything that the store holds is copied'),
  prefix: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Only points of assets whose names begin so, with what they need; needs the key, and takes no logs along',
    ),
});
type Settings = z.infer<typeof schema>;

/**
 * `replicate: { from: near, to: far }`: copies what one store holds to another, sealed as it is. Done when every point that was to be copied when it
 * began is listed in the target, with all that it needs. Done twice it copies what came meanwhile.
 */
export const replicateStep: StepKind<Settings> = {
  kind: 'replicate',
  about:
    'Copies what one store holds to another, sealed as it is, and is done when every point that was missing is listed there.',
  example: [
    '- replicate: { from: far, to: near, asset: orders }',
    '- replicate: { from: far, to: near, prefix: shop_ }',
  ].join('\n'),
  schema,
  destructive: false,
  inBubble: 'nothing',
  title: (settings) => `copy ${whatOf(settings)}${settings.from} to ${settings.to}`,
  describe: async ({ settings }, context) => {
    const { to } = settings;
    if (context.mode === 'drill')
      return { certainty: 'unknown', text: 'not exercised: the stores are not the bubble’s' };
    const { points, bytes } = await context.replicate({ ...pairOf(settings), dryRun: true });
    return { certainty: 'predicted', text: `${points.length} points, ${formatBytes(bytes)}, are not in ${to} now` };
  },
  run: async ({ settings }, context) => {
    const { from, to } = settings;
    const pair = pairOf(settings);
    if (context.mode === 'drill') return notExercised(`${to} is no store of the bubble`);
    const wanted = new Set((await context.replicate({ ...pair, dryRun: true })).points);
    const report = await context.replicate(pair);
    const failure = copyFailure(report);
    if (failure !== undefined) {
      const { code, message, hint } = failure;
      return { state: 'failed', code, summary: message, ...(hint === undefined ? {} : { hint }) };
    }
    // What the copy says of itself is one thing; what the target lists afterwards is another.
    const left = (await context.replicate({ ...pair, dryRun: true })).points.filter((point) => wanted.has(point));
    if (left.length > 0) {
      const summary = `${to} still lists ${left.length} of ${wanted.size} points not: ${left.slice(0, 3).join(', ')}`;
      return { state: 'failed', code: 'copy.waiting', summary, hint: `lifeboat store replicate ${from} ${to}` };
    }
    const { points, bytes, objects, seconds } = report;
    const summary = `${points.length} points, ${formatBytes(bytes)} in ${formatDuration(seconds * 1000)}; ${to} has all that ${from} had${settings.prefix === undefined ? '' : ` of ${settings.prefix}`}`;
    return { state: 'done', outputs: { from, to, points, bytes, objects, seconds }, summary };
  },
};

const pairOf = ({ from, to, prefix }: Settings) => ({ from, to, ...(prefix === undefined ? {} : { prefix }) });

const whatOf = ({ prefix }: Settings): string => (prefix === undefined ? '' : `what begins with ${prefix} of `);
