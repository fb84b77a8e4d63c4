import { z } from 'zod';
import { assert } from '../../core/index.ts';
import type { ActiveRun } from '../runner/active-run.ts';
import { inputOf } from '../settings/input.ts';
import { flatSteps } from '../records/show.ts';
import type { StepInput, StepKind } from '../step.ts';
import { undoKindName } from './rollback-of.ts';

const schema = z.strictObject({ step: z.string() });
type Settings = z.infer<typeof schema>;

/**
 * Takes back what steps of a kind did in another run, with the settings that they had there. Only procedures that the runner makes have it:
 * the language of plans does not.
 */
export function undoKindOf(kind: StepKind, original: ActiveRun): StepKind<Settings> {
  const { undo, prove } = kind;
  assert(undo !== undefined, `steps of kind ${kind.kind} can be taken back`);
  const originalOf = ({ settings }: StepInput<Settings>): StepInput<unknown> =>
    inputThen(original, kind, settings.step);
  const proved: Pick<StepKind<Settings>, 'prove'> = prove === undefined
    ? {}
    : { prove: (input, context) => prove.call(kind, originalOf(input), context, 'undone') };
  return {
    kind: undoKindName(kind.kind),
    schema,
    destructive: true,
    title: ({ step }) => `take back ${step}: ${original.earlier?.steps.get(step)?.title ?? kind.kind}`,
    describe: async ({ settings }) => ({ certainty: 'predicted', text: `takes back ${settings.step}` }),
    run: (input, context) => undo.call(kind, originalOf(input), context),
    // Taking back twice brings about the same: what is not proved taken back is taken back again.
    inspect: async (input, context) => {
      const proof = await proved.prove?.(input, context, 'undone');
      return proof === undefined || proof.state === 'refuted'
        ? 'not-done'
        : proof.state === 'proved'
          ? { state: 'done', outputs: {}, summary: proof.text }
          : 'unknown';
    },
    ...proved,
  };
}

/** What the step was given then, and what it gave. */
function inputThen(original: ActiveRun, kind: StepKind, id: string): StepInput<unknown> {
  const step = flatSteps(original.scenario).find((one) => one.id === id);
  assert(step !== undefined, `${id} is a step of the run that is taken back`);
  const input = inputOf(original, step, kind, original.earlier?.steps.get(id));
  return { ...input, outputs: original.outputs.get(id) ?? {} };
}
