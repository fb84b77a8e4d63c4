import { z } from 'zod';
import { formatDuration, isoTime, limits, parseDuration } from '../../../core/index.ts';
import { duration } from '../../settings/duration.ts';
import { deciders, lastWords, peopleNamed, type Asked } from '../../people/index.ts';
import { notExercised, type StepContext, type StepInput, type StepKind, type StepOutcome } from '../../step.ts';

const long = z.strictObject({
  after: duration.describe('How long the way back stays open'),
  by: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Who says at its end that nobody goes back; without it time alone decides'),
  question: z.string().min(1).optional(),
});
const schema = z.union([duration, long]);
type Settings = z.infer<typeof schema>;

/**
 * `commit: 30m` or `commit: { after: 30m, by: [platform_lead] }`: after a failover the way back stays open for a while, in which the run watches its
 * invariants. Then, and where `by` is stated with the word of one of these, it is final: `run rollback` takes back nothing of what was before.
 */
export const commitStep: StepKind<Settings> = {
  kind: 'commit',
  about:
    'Keeps the way back open for a while, in which the invariants are watched; then what was done before it is final, and no rollback takes it back. The clock of the recovery stops where it begins.',
  example: ['- commit: 30m', '- commit: { after: 30m, by: [platform_lead] }'].join('\n'),
  schema,
  destructive: false,
  inBubble: 'nothing',
  verifies: true,
  ofItsRun: true,
  people: (written) => {
    const by = peopleNamed(written);
    return by.length === 0 ? undefined : by;
  },
  longestMs: (settings) => parseDuration(longOf(settings).after),
  title: (settings) => `keep the way back open for ${longOf(settings).after}, then commit`,
  describe: async ({ settings }, context) => {
    const { after, by } = longOf(settings);
    const able = by === undefined ? [] : deciders(context.plan, by);
    if (by !== undefined && able.length === 0)
      return { certainty: 'unknown', text: `would wait for ever: nobody of the contacts is ${by.join(' or ')}` };
    const who = by === undefined ? '' : ` and one of ${able.join(', ')} says so`;
    return { certainty: 'predicted', text: `after ${after}${who} a rollback takes back nothing of what was before` };
  },
  run,
};

async function run({ settings, remembered }: StepInput<Settings>, context: StepContext): Promise<StepOutcome> {
  if (context.mode === 'drill') return notExercised('a bubble is destroyed, so that no way back has to stay open');
  const { by } = longOf(settings);
  const untilMs = await over(settings, remembered, context);
  if (untilMs === undefined) return stillOpen;
  if (by === undefined) return committed(untilMs, undefined, context);
  const asks: Asked = { word: 'approve', by, round, count: 1 };
  const words = lastWords(context.said(), round);
  const no = words.find(({ word }) => word === 'deny');
  if (no !== undefined) {
    const why = no.reason === undefined ? '' : `: ${no.reason}`;
    const hint = 'The way back: lifeboat run rollback RUN. If they think again: run approve, then run resume.';
    return { state: 'failed', code: 'approval.denied', summary: `${no.as} does not commit${why}`, hint, asks };
  }
  const [yes] = words;
  if (yes !== undefined) return committed(untilMs, yes.as, context);
  const { question = 'Shall it stay as it is?' } = longOf(settings);
  return {
    state: 'needs-human',
    question: `${question} The way back is open: lifeboat run rollback RUN. One of ${by.join(', ')} closes it.`,
    asks,
  };
}

const round = 1;

/**
 * Waits from the first time on that it was begun, by the clock on the wall: what a crash took away was waited too. Undefined when the run stopped
 * meanwhile.
 */
async function over(
  settings: Settings,
  remembered: Readonly<Record<string, unknown>>,
  context: StepContext,
): Promise<number | undefined> {
  const { clock, signal } = context;
  const known = remembered['untilMs'];
  const untilMs = typeof known === 'number' ? known : clock.now() + parseDuration(longOf(settings).after);
  if (typeof known !== 'number') context.remember({ untilMs });
  const leftMs = untilMs - clock.now();
  if (leftMs > 0) context.output(`the way back stays open until ${isoTime(untilMs)} (${formatDuration(leftMs)})`);
  for (let ms = leftMs; ms > 0; ms = untilMs - clock.now()) {
    await clock.sleep(Math.min(ms, limits.commitLookMs), signal);
    if (!(await context.goesOn())) return undefined;
  }
  return untilMs;
}

/** What must stay true is asked for the last time: after this nobody goes back. */
async function committed(untilMs: number, by: string | undefined, context: StepContext): Promise<StepOutcome> {
  if (!(await context.goesOn({ asked: true }))) return stillOpen;
  return {
    state: 'done',
    outputs: { openUntil: isoTime(untilMs), ...(by === undefined ? {} : { by }) },
    summary: by === undefined ? 'its time is over: what was done stays' : `${by} says that what was done stays`,
  };
}

const stillOpen: StepOutcome = { state: 'interrupted', summary: 'its run stopped first: the way back is open' };

const longOf = (settings: Settings): z.infer<typeof long> =>
  typeof settings === 'string' ? { after: settings } : settings;
