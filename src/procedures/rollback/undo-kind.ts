import { z } from 'zod';
import { assert } from '../../core/index.ts';
import type { StepInput, StepKind } from '../step.ts';
import { undoKindName } from './rollback-of.ts';

const schema = z.strictObject({ step: z.string() });
type Settings = z.infer<typeof schema>;

/** What the runner that takes back knows of the steps of the other run, by their ids. */
export interface Then {
  title(step: string): string;
  input(step: string): StepInput<unknown>;
}

/**
 * Takes back what steps of a kind did in another run, with the settings that they had there. Only procedures that the runner makes have it:
 * the language of plans does not.
 */
export function undoKindOf(kind: StepKind, then: Then): StepKind<Settings> {
  const { undo, prove } = kind;
  assert(undo !== undefined, `steps of kind ${kind.kind} can be taken back`);
  const originalOf = ({ settings }: StepInput<Settings>): StepInput<unknown> => then.input(settings.step);
  const proved: Pick<StepKind<Settings>, 'prove'> = prove === undefined
    ? {}
    : { prove: (input, context) => prove.call(kind, originalOf(input), context, 'undone') };
  return {
    kind: undoKindName(kind.kind),
    schema,
    destructive: true,
    title: ({ step }) => `take back ${step}: ${then.title(step)}`,
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
