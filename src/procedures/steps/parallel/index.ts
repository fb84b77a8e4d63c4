import { z } from 'zod';
import { assert } from '../../../core/index.ts';
import type { StepKind } from '../../step.ts';

const schema = z.union([
  z.array(z.unknown()).min(1),
  z.strictObject({ steps: z.array(z.unknown()).min(1), limit: z.int().min(1).optional() }),
]);

/** `parallel: [steps]` or `parallel: { steps: […], limit: 2 }`. The runner walks the steps inside by itself. */
export const parallelStep: StepKind<z.infer<typeof schema>> = {
  kind: 'parallel',
  about: 'Does its steps at once, or so many at a time.',
  example: [
    '- parallel: [{ backup: orders }, { backup: uploads }]',
    '- parallel: { limit: 1, steps: [{ backup: orders }, { backup: uploads }] }',
  ].join('\n'),
  schema,
  destructive: false,
  surest: 'proved',
  title: (settings) => `${(Array.isArray(settings) ? settings : settings.steps).length} steps at once`,
  describe: async (input) => ({
    certainty: 'proved',
    text:
      Array.isArray(input.settings) || input.settings.limit === undefined
        ? 'all at once'
        : `at most ${input.settings.limit} at once`,
  }),
  run: async () => {
    assert(false, 'the runner walks the steps of a parallel itself');
  },
};
