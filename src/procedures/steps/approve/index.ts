import { z } from 'zod';
import { formatDuration, isoTime, limits, parseDuration } from '../../../core/index.ts';
import { duration } from '../../settings/duration.ts';
import { deciders, lastWords, peopleNamed, type Asked } from '../../people/index.ts';
import { notExercised, type StepContext, type StepInput, type StepKind, type StepOutcome } from '../../step.ts';

const schema = z.strictObject({
  by: z.array(z.string().min(1)).min(1),
  count: z.int().min(1).optional(),
  question: z.string().min(1).optional(),
  within: duration.optional(),
});
type Settings = z.infer<typeof schema>;

/**
 * `approve: { by: [platform_lead], count: 1, question, within: 15m }`: the run ends here with a question, until so many different people
 * have agreed with `run approve`, whoever started it not among them. One no is a no. An approval is for acting soon: when the run is
 * gone on with later than `within` after it asked (24 h), nothing said before counts, and it asks again. A drill asks nobody.
 */
export const approveStep: StepKind<Settings> = {
  kind: 'approve',
  about:
    'Stops until so many different people have agreed, whoever started the run not among them. One no is a no. What was said longer ago than `within` (24 h unless stated) does not count. A drill asks nobody.',
  example: '- approve: { by: [platform_lead], count: 1, question: Turn production?, within: 15m }',
  schema,
  destructive: false,
  inBubble: 'nothing',
  people: peopleNamed,
  title: ({ by, count = 1 }) => `the consent of ${count === 1 ? 'one' : count} of ${by.join(', ')}`,
  describe: async ({ settings }, context) => {
    const able = deciders(context.plan, settings.by, context.requester);
    const { count = 1 } = settings;
    const enough = able.length >= count;
    const who = able.length === 0 ? 'nobody of the contacts' : able.join(', ');
    return {
      certainty: enough ? 'predicted' : 'unknown',
      text: enough
        ? `stops until ${count} of ${who} agree${count === 1 ? 's' : ''}, within ${formatDuration(withinMs(settings))}; whoever starts the run cannot`
        : `would wait for ever: ${count} must agree, and ${who} may`,
    };
  },
  run,
};

async function run({ settings, remembered }: StepInput<Settings>, context: StepContext): Promise<StepOutcome> {
  if (context.mode === 'drill') return notExercised('a drill asks nobody to agree');
  const { round, untilMs } = roundNow(settings, remembered, context);
  const words = lastWords(context.said(), round, context.requester);
  const { by, count = 1 } = settings;
  const asks: Asked = { word: 'approve', by, round, count, untilMs };
  const no = words.find(({ word }) => word === 'deny');
  if (no !== undefined) {
    const why = no.reason === undefined ? '' : `: ${no.reason}`;
    const hint = `It can go on if ${no.as} thinks again: run approve, then run resume.`;
    return { state: 'failed', code: 'approval.denied', summary: `${no.as} said no${why}`, hint, asks };
  }
  const agreed = words.map(({ as }) => as);
  if (agreed.length >= count) return { state: 'done', outputs: { by: agreed }, summary: `${agreed.join(', ')} agreed` };
  return { state: 'needs-human', question: questionOf(settings, agreed, untilMs, context), asks };
}

function questionOf(
  { by, count = 1, question = 'Shall it go on?' }: Settings,
  agreed: readonly string[],
  untilMs: number,
  { plan, requester }: StepContext,
): string {
  const able = deciders(plan, by, requester).length;
  const short = able < count ? ` Only ${able} of the contacts could, though: nobody who started the run counts.` : '';
  const had = agreed.length === 0 ? '' : ` (${agreed.join(', ')} did)`;
  return `${question} ${count} of ${by.join(', ')} must agree${had}, until ${isoTime(untilMs)}.${short}`;
}

/** The round of asking, and its end; a new one begins when the last is over. Remembered before anybody is asked. */
function roundNow(
  settings: Settings,
  remembered: Readonly<Record<string, unknown>>,
  { clock, remember }: StepContext,
): { round: number; untilMs: number } {
  const nowMs = clock.now();
  const { round, untilMs } = remembered;
  if (typeof round === 'number' && typeof untilMs === 'number' && nowMs <= untilMs) return { round, untilMs };
  const next = { round: (typeof round === 'number' ? round : 0) + 1, untilMs: nowMs + withinMs(settings) };
  remember(next);
  return next;
}

const withinMs = ({ within }: Settings): number => (within === undefined ? limits.approvalMs : parseDuration(within));
