import { z } from 'zod';
import { assert, formatDuration } from '../../../core/index.ts';
import { notExercised, type StepContext, type StepInput, type StepKind, type StepOutcome } from '../../step.ts';

const name = z.string().min(1);
const schema = z.union([
  name,
  z.strictObject({
    scenario: name.optional().describe('The scenario whose steps are run'),
    drill: name.optional().describe('The drill that is rehearsed, in a bubble and as a run of its own'),
    with: z.record(z.string(), z.unknown()).optional(),
  }),
]);
type Settings = z.infer<typeof schema>;

/**
 * `call: SCENARIO` or `call: { scenario: SCENARIO, with: { PARAMETER: … } }`: the steps of another scenario, as they stand there. The runner
 * writes them out when the run starts (`groups/expand.ts`) and walks them by itself. `call: { drill: DRILL }` rehearses a drill: done when
 * all its criteria are met.
 */
export const callStep: StepKind<Settings> = {
  kind: 'call',
  about:
    'Does the steps of another scenario, as they stood when the run began; or rehearses a drill, and is done when it passed. What the called scenario calls success has to come true, and its invariants are watched meanwhile.',
  example: [
    '- id: rebuild',
    '  call: { scenario: orders_lost, with: { moment: now } }',
    '- call: { drill: weekly }',
  ].join('\n'),
  schema,
  destructive: false,
  inBubble: 'nothing',
  title: (settings) => {
    const drill = drillOf(settings);
    if (drill !== undefined) return `the drill ${drill}`;
    return `the procedure of ${typeof settings === 'string' ? settings : settings.scenario}`;
  },
  describe: async ({ settings }, context) => {
    const drill = drillOf(settings);
    if (drill === undefined) return { certainty: 'proved', text: 'its steps stand below' };
    if (context.plan.drills.has(drill)) return { certainty: 'predicted', text: `rehearses ${drill} in a bubble` };
    return { certainty: 'unknown', text: `the plan has no drill ${drill}` };
  },
  run,
};

/** A drill that was interrupted is drilled anew: what it left is tidied up by the next one. */
async function run({ settings }: StepInput<Settings>, context: StepContext): Promise<StepOutcome> {
  const drill = drillOf(settings);
  assert(drill !== undefined, 'the runner walks the steps of a called scenario itself');
  if (context.mode === 'drill') return notExercised(`a drill calls no other: rehearse ${drill} by itself`);
  const { verdict, failed, ...result } = await context.drill(drill);
  if (verdict === 'fail') {
    const summary = `the drill ${drill} failed: ${failed.join('; ')}`;
    return { state: 'failed', code: 'drill.failed', summary, hint: `Read the report: ${result.report}` };
  }
  const took = result.rtoSeconds === undefined ? '' : ` in ${formatDuration(result.rtoSeconds * 1000)}`;
  return { state: 'done', outputs: { drill, verdict, ...result }, summary: `the drill ${drill} passed${took}` };
}

const drillOf = (settings: Settings): string | undefined => (typeof settings === 'string' ? undefined : settings.drill);
