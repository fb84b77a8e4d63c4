import { z } from 'zod';
import { deciders, lastWords, peopleNamed, type Asked, type AskedInput } from '../../people/index.ts';
import { notExercised, type StepContext, type StepInput, type StepKind, type StepOutcome } from '../../step.ts';

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
  people: peopleNamed,
  title: (settings) => longOf(settings).do,
  describe: async ({ settings }, context) => {
    const { by = [] } = longOf(settings);
    const able = deciders(context.plan, by);
    const asked = Object.keys(inputsOf(settings));
    const writes = asked.length === 0 ? '' : ` and writes down ${asked.join(', ')}`;
    const who = able.length === 0 ? 'nobody of the contacts may' : `${able.join(' or ')} does it`;
    return { certainty: 'unknown', text: `stops until ${who}${writes}: ${longOf(settings).do}` };
  },
  run,
};

async function run({ settings }: StepInput<Settings>, context: StepContext): Promise<StepOutcome> {
  if (context.mode === 'drill') return notExercised('in a drill nobody does it by hand');
  const { do: what, by = [], link } = longOf(settings);
  const round = 1;
  const inputs = inputsOf(settings);
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
