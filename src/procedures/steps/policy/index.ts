import { z } from 'zod';
import { isLifeboatError, LifeboatError, limits, toLifeboatError } from '../../../core/index.ts';
import { parseCalendar, type Calendar } from '../../../plan/index.ts';
import { notExercised, type StepContext, type StepKind } from '../../step.ts';

const words = z.string().min(1);
const schema = z.strictObject({
  asset: words,
  use: words.optional().describe('The policy of the plan that holds meanwhile: its stores, and its calendar'),
  every: z
    .union([words, z.array(words).min(1)])
    .optional()
    .describe('How often a point is taken meanwhile'),
  while: words.optional().describe(`What must be so meanwhile: "the store is healthy", which holds in any case`),
});
type Settings = z.infer<typeof schema>;

const healthy = 'the store is healthy';

/**
 * `policy: { asset: orders, every: 5m, while: the store is healthy }`: from here to the end of the run points of the asset are taken more often, by
 * the runner, and only while their stores answer, may be written and have room. Nothing is left of it when the run ends, waits or is killed: the
 * policy of the plan was never changed. A run that is gone on with begins it again.
 */
export const policyStep: StepKind<Settings> = {
  kind: 'policy',
  about:
    'Lets the runner take more points of an asset from then on, by the calendar of another policy or its own, only while the stores answer and have room, until the run ends, waits or is killed. The plan is never changed.',
  example: [
    '- policy: { asset: uploads, use: continuous, while: the store is healthy }',
    '- policy: { asset: orders, every: 5m }',
  ].join('\n'),
  schema,
  destructive: false,
  inBubble: 'nothing',
  notYet: (written) => {
    if (typeof written !== 'object' || written === null) return undefined;
    const { while: bound, every, use } = written as Partial<Settings>;
    if (bound !== undefined && bound !== healthy) return `a policy that holds while "${bound}"`;
    return every === undefined && use === undefined ? 'a policy that does not say how often (every or use)' : undefined;
  },
  title: ({ asset, use, every }) =>
    `protect ${asset}${use === undefined ? '' : ` by ${use}`}${every === undefined ? '' : `, ${[every].flat().join(', ')}`} until the run ends`,
  describe: async ({ settings }, context) => {
    if (context.mode === 'drill') return { certainty: 'unknown', text: 'not exercised: a bubble takes no points' };
    const next = nextOf(rhythmOf(settings, context), context.clock.now());
    const unwell = await context.storesUnwell(settings.asset, settings.use);
    if (unwell !== undefined) return { certainty: 'unknown', text: `its stores are not well now: ${unwell}` };
    const minutes = Math.round((next - context.clock.now()) / 60_000);
    return {
      certainty: 'predicted',
      text: `its stores are well now; begun now, the next point would come in ${minutes} min`,
    };
  },
  run: async ({ settings }, context) => {
    if (context.mode === 'drill') return notExercised('a bubble takes no points');
    mustBeKept(settings);
    const rhythm = rhythmOf(settings, context);
    const unwell = await context.storesUnwell(settings.asset, settings.use);
    if (unwell !== undefined) {
      const summary = `more points would only burden it: ${unwell}`;
      return {
        state: 'failed',
        code: 'policy.unwell',
        summary,
        hint: 'Repair the store first, then: lifeboat run resume RUN',
      };
    }
    const every = rhythm.map(({ text }) => text);
    const { asset, use = null } = settings;
    return {
      state: 'done',
      outputs: { asset, use, every },
      summary: `a point of ${asset}: ${every.join(', ')}, until the run ends`,
    };
  },
  meanwhile: async ({ settings }, context) => {
    if (context.mode === 'drill') return '';
    return takePoints(settings, rhythmOf(settings, context), context);
  },
};

async function takePoints(
  { asset, use }: Settings,
  rhythm: readonly Calendar[],
  context: StepContext,
): Promise<string> {
  const count = { taken: 0, leftOut: 0, failed: 0 };
  for (;;) {
    if (!(await sleptUntil(nextOf(rhythm, context.clock.now()), context))) break;
    const unwell = await context.storesUnwell(asset, use);
    if (context.signal.aborted) break;
    if (unwell !== undefined) {
      count.leftOut += 1;
      context.output(`no point of ${asset} now: ${unwell}`);
      continue;
    }
    try {
      const reports = await context.backup(asset, use);
      count.taken += 1;
      context.output(`a point of ${asset}: ${reports.map(({ store, point }) => `${point.id} in ${store}`).join(', ')}`);
    } catch (error) {
      if (context.signal.aborted) break;
      count.failed += 1;
      context.output(`no point of ${asset}: ${toLifeboatError(error).message}`);
    }
  }
  const { taken, leftOut, failed } = count;
  return `${taken} points of ${asset} were taken, ${leftOut} left out because a store was not well, ${failed} failed`;
}

/** In pieces, for a clock may be set; false when it is over. */
async function sleptUntil(untilMs: number, { clock, signal }: StepContext): Promise<boolean> {
  try {
    for (let leftMs = untilMs - clock.now(); leftMs > 0; leftMs = untilMs - clock.now()) {
      await clock.sleep(Math.min(leftMs, limits.clockLookMs), signal);
    }
    return !signal.aborted;
  } catch (error) {
    if (signal.aborted || isLifeboatError(error, 'operation.cancelled')) return false;
    throw error;
  }
}

/** Throws `plan.invalid`, `plan.unknown_name`. */
function rhythmOf({ asset, use, every }: Settings, { plan }: StepContext): readonly Calendar[] {
  if (every !== undefined) return [every].flat().map((text) => parseCalendar(text, plan.timezone));
  const policy = use === undefined ? undefined : plan.policies.get(use);
  if (use !== undefined && policy === undefined) {
    throw new LifeboatError('plan.unknown_name', `the plan has no policy ${use}`, {
      hint: `It has: ${[...plan.policies.keys()].join(', ') || 'none'}.`,
    });
  }
  if (policy !== undefined && policy.every.length > 0) return policy.every;
  throw new LifeboatError('plan.invalid', `nothing says how often points of ${asset} are to be taken`, {
    hint: 'Add every: 5m.',
  });
}

function nextOf(rhythm: readonly Calendar[], nowMs: number): number {
  const moments = rhythm.flatMap((calendar) => calendar.next(nowMs) ?? []);
  return moments.length === 0 ? nowMs + limits.timerMsMax : Math.min(...moments);
}

function mustBeKept({ while: bound }: Settings): void {
  if (bound === undefined || bound === healthy) return;
  throw new LifeboatError('plan.not_executable', `nothing can tell whether "${bound}"`, {
    hint: `Write while: ${healthy}, and the rest as a guard of this step.`,
  });
}
