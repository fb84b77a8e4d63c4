import { z } from 'zod';
import { attested, foreseenByHand, peopleNamed, type AskedInput, type ByHand } from '../../people/index.ts';
import type { StepKind } from '../../step.ts';

const input = z.strictObject({
  type: z.enum(['text', 'number', 'boolean', 'duration', 'time']).optional(),
  about: z.string().min(1).optional(),
  oneOf: z
    .array(z.union([z.string(), z.number()]))
    .min(1)
    .optional(),
});
const inputName = z.string().regex(/^[A-Za-z_]\w{0,63}$/, 'a name that expressions can read: letters, digits and _');
const long = z.strictObject({
  do: z.string().min(1),
  by: z.array(z.string().min(1)).min(1).optional(),
  link: z.string().min(1).optional(),
  asks: z
    .union([z.array(inputName), z.record(inputName, input)])
    .optional()
    .describe('What is to be written down: names, or names with their types'),
});
const schema = z.union([z.string().min(1), long]);
type Settings = z.infer<typeof schema>;

/**
 * `manual: TEXT` or `manual: { do: TEXT, by: [on_call], link, asks: { last_order: { type: number } } }`: something that people do. The run
 * ends here with the instruction, until one of them says with `run attest` that it is done, and writes down what was asked for: those
 * are the step's outputs, each of its type, beside `attestedBy`. A drill asks nobody.
 */
export const manualStep: StepKind<Settings> = {
  kind: 'manual',
  about:
    'Stops until somebody says that it is done, and writes down what was asked for; later steps read that: `steps.NAME.last_order`. A drill asks nobody.',
  example: [
    '- manual: See that orders arrive',
    '- manual: { do: Read the last order, by: [on_call], link: https://wiki.example, asks: { last_order: { type: number } } }',
  ].join('\n'),
  schema,
  destructive: false,
  inBubble: 'nothing',
  surest: 'unknown',
  people: peopleNamed,
  title: (settings) => longOf(settings).do,
  describe: async ({ settings }, context) => foreseenByHand(byHandOf(settings), context),
  run: async ({ settings }, context) => attested(byHandOf(settings), context),
};

function byHandOf(settings: Settings): ByHand {
  const { do: what, by = [], link } = longOf(settings);
  return { what, by, link, inputs: inputsOf(settings) };
}

/** A plain list asks for texts. */
function inputsOf(settings: Settings): Record<string, AskedInput> {
  const { asks = {} } = longOf(settings);
  const entries = Array.isArray(asks) ? asks.map((name) => [name, {}] as const) : Object.entries(asks);
  return Object.fromEntries(
    entries.map(([name, { type = 'text', about, oneOf }]: readonly [string, z.infer<typeof input>]) => [
      name,
      { type, ...(about === undefined ? {} : { about }), ...(oneOf === undefined ? {} : { oneOf }) },
    ]),
  );
}

const longOf = (settings: Settings): z.infer<typeof long> =>
  typeof settings === 'string' ? { do: settings } : settings;
