import { z } from 'zod';
import { runCheck } from '../../../checks/index.ts';
import { formatDuration, limits, parseDuration } from '../../../core/index.ts';
import { checkContextOf, checkOf, askInside, writtenCheck } from '../../settings/check-of.ts';
import { duration } from '../../settings/duration.ts';
import type { StepContext, StepKind, StepOutcome } from '../../step.ts';

const until = z.strictObject({
  until: writtenCheck.describe('The check, or a moment'),
  every: duration.optional().describe('How often it is asked'),
  for: duration.optional().describe('How long it may take until it is green'),
});
const moment = z.strictObject({
  until: z.string().refine((text) => text.includes('${') || momentOf(text) !== undefined, {
    message: 'not a moment: write 2026-11-21T03:00:00Z',
  }),
});
const schema = z.union([duration, moment, until]);
type Settings = z.infer<typeof schema>;

const everyMs = ({ every }: z.infer<typeof until>): number => parseDuration(every ?? '1s');
const forMs = ({ for: most }: z.infer<typeof until>): number => parseDuration(most ?? '5m');

/** `wait: 30s`, `wait: { until: 2026-11-21T03:00:00Z }`, or `wait: { until: CHECK, every: 1s, for: 2m }`: until the check is green, red when that takes too long. A time is not waited for anew after a crash. */
export const waitStep: StepKind<Settings> = {
  kind: 'wait',
  about:
    'Waits for a time, for a moment, or until a check is green; red when that takes too long. A time is not waited for anew after a crash.',
  example: [
    '- wait: 30s',
    '- wait: { until: 2026-11-21T03:00:00Z }',
    '- wait: { until: { tcp: "127.0.0.1:5432" }, every: 1s, for: 2m }',
  ].join('\n'),
  schema,
  destructive: false,
  inBubble: 'inside',
  surest: 'proved',
  verifies: true,
  longestMs: (settings) => {
    if (isMoment(settings)) return limits.timerMsMax; // how far away it is, only the clock of the run knows
    return typeof settings === 'string' ? parseDuration(settings) : forMs(settings);
  },
  title: (settings) => {
    if (isMoment(settings)) return `wait until ${settings.until}`;
    return typeof settings === 'string'
      ? `wait ${formatDuration(parseDuration(settings))}`
      : `wait until a check is green, at most ${formatDuration(forMs(settings))}`;
  },
  describe: async ({ settings }, context) => {
    if (typeof settings === 'string') return { certainty: 'proved', text: formatDuration(parseDuration(settings)) };
    if (isMoment(settings)) return { certainty: 'proved', text: `until ${settings.until}` };
    const check = checkOf(settings.until, context.checkKinds);
    return {
      certainty: 'predicted',
      text: `asks every ${formatDuration(everyMs(settings))}: ${check.kind.describe(check.settings)}`,
    };
  },
  run: async ({ settings, remembered }, context) => {
    if (typeof settings === 'string') return waitFor(parseDuration(settings), remembered, context);
    if (!isMoment(settings)) return waitUntil(settings, context);
    const beganMs = context.clock.now();
    const untilMs = momentOf(settings.until) ?? beganMs;
    await sleepUntil(untilMs, context);
    const seconds = (context.clock.now() - beganMs) / 1000;
    const summary = untilMs <= beganMs ? `${settings.until} was over already` : `waited until ${settings.until}`;
    return { state: 'done', outputs: { seconds }, summary };
  },
};

/** From the first time on that it was begun, by the clock on the wall: what a crash took away was waited too. */
async function waitFor(
  ms: number,
  { untilMs }: Readonly<Record<string, unknown>>,
  context: StepContext,
): Promise<StepOutcome> {
  const nowMs = context.clock.now();
  // Never longer than asked, also where the clock was set back meanwhile.
  const endMs = Math.min(typeof untilMs === 'number' ? untilMs : Infinity, nowMs + ms);
  if (typeof untilMs !== 'number') context.remember({ untilMs: endMs });
  await context.clock.sleep(Math.max(0, endMs - nowMs), context.signal);
  return { state: 'done', outputs: { seconds: ms / 1000 }, summary: `waited ${formatDuration(ms)}` };
}

/** In pieces: a clock that is set, or a machine that slept, is noticed. */
async function sleepUntil(untilMs: number, { clock, signal }: StepContext): Promise<void> {
  for (let leftMs = untilMs - clock.now(); leftMs > 0; leftMs = untilMs - clock.now()) {
    await clock.sleep(Math.min(leftMs, limits.clockLookMs), signal);
  }
}

const isMoment = (settings: Settings): settings is z.infer<typeof moment> =>
  typeof settings === 'object' && typeof settings.until === 'string';

/** Milliseconds since 1970; only with a zone, because nobody knows where a run will be. */
function momentOf(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

async function waitUntil(settings: z.infer<typeof until>, context: StepContext): Promise<StepOutcome> {
  const { clock, signal } = context;
  const { spec } = checkOf(settings.until, context.checkKinds);
  askInside(context, spec);
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
