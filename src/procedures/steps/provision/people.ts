import { attested, foreseenByHand, peopleNamed, type ByHand } from '../../people/index.ts';
import type { StepContext, StepInput, StepOutcome, StepPreview, StepProof } from '../../step.ts';
import { listOf, longOf, type Settings } from './settings.ts';

/** What people make, and answer for: the run stops with what is to be done, and one of them says that it is. */
export const askedOfPeople = {
  describe: ({ settings }: StepInput<Settings>, context: StepContext): StepPreview =>
    foreseenByHand(byHandOf(settings), context),
  run: ({ settings }: StepInput<Settings>, context: StepContext): StepOutcome => attested(byHandOf(settings), context),
};

export const isMadeByPeople = (settings: Settings): boolean => longOf(settings).by === 'people';

/** Who is asked, by the settings as they are written; undefined: a tool makes it. */
export function makersOf(written: unknown): readonly string[] | undefined {
  if (typeof written !== 'object' || written === null || !('by' in written) || written.by !== 'people')
    return undefined;
  return peopleNamed(written);
}

function byHandOf(settings: Settings): ByHand {
  const { what, do: how, who } = longOf(settings);
  return { what: how ?? `Make ${what}`, by: listOf(who), inputs: {} };
}

/** Their word is all that there is, and the record says whose. What can be looked at belongs into the `verify` of the step. */
export function answeredFor({ outputs }: StepInput<Settings>): StepProof {
  const who = outputs?.['attestedBy'];
  return typeof who === 'string'
    ? { state: 'proved', text: `${who} answers for it` }
    : { state: 'unknown', text: 'nobody answers for it' };
}
