import type { Plan } from '../../plan/index.ts';
import { notExercised, type StepContext, type StepOutcome, type StepPreview } from '../step.ts';
import { lastWords, type Asked, type AskedInput } from './asked.ts';
import { deciders } from './deciders.ts';

/** What people do by hand, and answer for. */
export interface ByHand {
  readonly what: string;
  /** Roles or contacts; none: anybody. */
  readonly by: readonly string[];
  readonly link?: string | undefined;
  /** What they write down. */
  readonly inputs: Readonly<Record<string, AskedInput>>;
}

/** Stops with what is to be done until one of them says that it is; what they wrote down is the outputs, beside `attestedBy`. A drill asks nobody. */
export function attested({ what, by, link, inputs }: ByHand, context: StepContext): StepOutcome {
  if (context.mode === 'drill') return notExercised('in a drill nobody does it by hand');
  const round = 1;
  const asks: Asked = { word: 'attest', by, round, count: 1, inputs };
  const word = lastWords(context.said(), round).at(-1);
  if (word?.word === 'deny') {
    const why = word.reason === undefined ? '' : `: ${word.reason}`;
    return { state: 'failed', code: 'step.failed', summary: `${word.as} says that it cannot be done${why}`, asks };
  }
  if (word !== undefined) {
    const said = Object.entries(word.inputs).map(([name, value]) => `${name} ${String(value)}`);
    return {
      state: 'done',
      outputs: { ...word.inputs, attestedBy: word.as },
      summary: `${word.as} did it${said.length === 0 ? '' : `: ${said.join(', ')}`}`,
    };
  }
  const asked = Object.keys(inputs).length === 0 ? '' : ` Write down: ${Object.keys(inputs).join(', ')}.`;
  return { state: 'needs-human', question: `${what}${link === undefined ? '' : ` (${link})`}.${asked}`, asks };
}

/** What of it is known before: who may do it, which is sure of nothing. */
export function foreseenByHand(
  { what, by, inputs }: ByHand,
  { plan }: { readonly plan: Pick<Plan, 'contacts'> },
): StepPreview {
  const able = deciders(plan, by);
  const asked = Object.keys(inputs);
  const writes = asked.length === 0 ? '' : ` and writes down ${asked.join(', ')}`;
  const who = able.length === 0 ? 'nobody of the contacts may' : `${able.join(' or ')} does it`;
  return { certainty: 'unknown', text: `stops until ${who}${writes}: ${what}` };
}
