import { manualStep } from '../manual/index.ts';
import { peopleNamed } from '../../people/index.ts';
import type { StepContext, StepInput, StepOutcome, StepPreview, StepProof } from '../../step.ts';
import { longOf, type Settings } from './settings.ts';

/** What people make, and answer for: the run stops with what is to be done, and one of them says that it is. */
export const askedOfPeople = {
  describe: (input: StepInput<Settings>, context: StepContext): Promise<StepPreview> =>
    manualStep.describe(asManual(input), context),
  run: (input: StepInput<Settings>, context: StepContext): Promise<StepOutcome> =>
    manualStep.run(asManual(input), context),
};

export const isMadeByPeople = (settings: Settings): boolean => longOf(settings).by === 'people';

/** Who is asked, by the settings as they are written; undefined: a tool makes it. */
export function makersOf(written: unknown): readonly string[] | undefined {
  if (typeof written !== 'object' || written === null || !('by' in written) || written.by !== 'people')
    return undefined;
  return peopleNamed({ by: 'who' in written ? written.who : [] });
}

function asManual(input: StepInput<Settings>): StepInput<Parameters<typeof manualStep.run>[0]['settings']> {
  const { what, do: how, who } = longOf(input.settings);
  return { ...input, settings: { do: how ?? `Make ${what}`, ...(who === undefined ? {} : { by: [who].flat() }) } };
}

/** Their word is all that there is, and the record says whose. What can be looked at belongs into the `verify` of the step. */
export function answeredFor({ outputs }: StepInput<Settings>): StepProof {
  const who = outputs?.['attestedBy'];
  return typeof who === 'string'
    ? { state: 'proved', text: `${who} answers for it` }
    : { state: 'unknown', text: 'nobody answers for it' };
}
