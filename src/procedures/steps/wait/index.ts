import { z } from 'zod';
import { runCheck } from '../../../checks/index.ts';
import { formatDuration, parseDuration } from '../../../core/index.ts';
import { checkContextOf, checkOf, stayInside, writtenCheck } from '../../check-of.ts';
import { duration } from '../../duration.ts';
import type { StepContext, StepKind, StepOutcome } from '../../step.ts';

const until = z.strictObject({ until: writtenCheck, every: duration.optional(), for: duration.optional() });
const schema = z.union([duration, until]);
type Settings = z.infer<typeof schema>;

const everyMs = ({ every }: z.infer<typeof until>): number => parseDuration(every ?? '1s');
const forMs = ({ for: most }: z.infer<typeof until>): number => parseDuration(most ?? '5m');

/** `wait: 30s`, or `wait: { until: CHECK, every: 1s, for: 2m }`: until the check is green, red when that takes too long. */
export const waitStep: StepKind<Settings> = {
  kind: 'wait',
  schema,
  destructive: false,
  verifies: true,
  longestMs: (settings) => (typeof settings === 'string' ? parseDuration(settings) : forMs(settings)),
  title: (settings) =>
    typeof settings === 'string'
      ? `wait ${formatDuration(parseDuration(settings))}`
      : `wait until a check is green, at most ${formatDuration(forMs(settings))}`,
  describe: async ({ settings }, context) => {
    if (typeof settings === 'string') return { certainty: 'proved', text: formatDuration(parseDuration(settings)) };
    const check = checkOf(settings.until, context.checkKinds);
    return {
      certainty: 'predicted',
      text: `asks every ${formatDuration(everyMs(settings))}: ${check.kind.describe(check.settings)}`,
    };
  },
  run: async ({ settings }, context) => {
    if (typeof settings !== 'string') return waitUntil(settings, context);
    const ms = parseDuration(settings);
    await context.clock.sleep(ms, context.signal);
    return { state: 'done', outputs: { seconds: ms / 1000 }, summary: `waited ${formatDuration(ms)}` };
  },
};

async function waitUntil(settings: z.infer<typeof until>, context: StepContext): Promise<StepOutcome> {
  const { clock, signal } = context;
  const { spec } = checkOf(settings.until, context.checkKinds);
  stayInside(context, spec.settings);
  const beganMs = clock.elapsed();
  for (let asked = 1; ; asked += 1) {
    const result = await runCheck(spec, context.checkKinds, checkContextOf(context));
    const tookMs = clock.elapsed() - beganMs;
    if (result.ok) {
      const summary = `${result.name}: ${result.observed} after ${formatDuration(tookMs)}`;
      return { state: 'done', outputs: { seconds: tookMs / 1000, asked }, summary };
    }
    if (tookMs + everyMs(settings) > forMs(settings)) {
      const summary = `not green within ${formatDuration(forMs(settings))}: ${result.name}: ${result.observed}, expected ${result.expected}`;
      return { state: 'failed', code: 'check.failed', summary };
    }
    await clock.sleep(everyMs(settings), signal);
  }
}
