import { lastWords } from '../../people/index.ts';
import type { StepContext, StepOutcome } from '../../step.ts';
import type { Settings } from './settings.ts';

/** How a ramp that was held too long goes on: at the share it is at, there for good, or back to how it was before. */
export const ways = ['go_on', 'stay', 'go_back'] as const;
export type Way = (typeof ways)[number];

/** What was said to the last question of this ramp, and by whom; nothing when it has not asked, or nobody has answered. */
export function wordOf(
  remembered: Readonly<Record<string, unknown>>,
  context: StepContext,
): { readonly way: Way; readonly as: string } | undefined {
  const round = roundOf(remembered);
  const word = round === 0 || remembered['heeded'] === round ? undefined : lastWords(context.said(), round).at(-1);
  const way = ways.find((one) => one === word?.option);
  return word === undefined || way === undefined ? undefined : { way, as: word.as };
}

/** Asked anew, in a round of its own: what was said to an earlier question is no answer to this one. */
export function askWay(
  { share, red, image }: { readonly share: number; readonly red: string; readonly image: unknown },
  remembered: Readonly<Record<string, unknown>>,
  settings: Settings,
  context: StepContext,
): StepOutcome {
  const round = roundOf(remembered) + 1;
  context.remember({ image, share, asked: round });
  return {
    state: 'needs-human',
    question: `${settings.service} is held at ${share} %, because ${red}. go_on: it is repaired, and the ramp goes on from ${share} %. stay: it is left at ${share} %, and the run goes on. go_back: it goes back to how it was before the ramp, and the step fails.`,
    asks: { word: 'choose', by: [], round, count: 1, options: ways },
  };
}

const roundOf = ({ asked }: Readonly<Record<string, unknown>>): number => (typeof asked === 'number' ? asked : 0);
