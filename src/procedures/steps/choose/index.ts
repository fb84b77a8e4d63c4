import { z } from 'zod';
import { assert } from '../../../core/index.ts';
import { chooseFrame } from '../../../plan/index.ts';
import { peopleNamed } from '../../people/index.ts';
import type { StepKind } from '../../step.ts';

const schema = chooseFrame(z.unknown());

/**
 * `choose: { question, by, options: { NAME: { when, if, call, steps } } }`: one of several ways, by the facts where each way has an `if` and
 * one holds, else by a person with `run choose`. The runner walks the chosen way by itself.
 */
export const chooseStep: StepKind<z.infer<typeof schema>> = {
  kind: 'choose',
  about:
    'Goes one of several ways. Where each way has an `if` and one of them holds, the facts decide; else a person does, by `run choose`. A way that was begun is kept.',
  example: [
    '- id: way',
    '  choose:',
    '    question: What brings it back?',
    '    by: [on_call]',
    '    options:',
    '      restart: { when: it only hangs, steps: [{ exec: [systemctl, restart, shop] }] }',
    '      restore: { when: rows are missing, call: orders_lost }',
  ].join('\n'),
  schema,
  destructive: false,
  people: peopleNamed,
  title: ({ question }) => `decide: ${question}`,
  describe: async ({ settings }) => ({ certainty: 'unknown', text: settings.question }),
  run: async () => {
    assert(false, 'the runner walks the steps of a choice itself');
  },
};
