import { z } from 'zod';
import { assert } from '../../../core/index.ts';
import type { StepKind } from '../../step.ts';

const name = z.string().min(1);
const schema = z.union([
  name,
  z.strictObject({
    scenario: name.optional().describe('The scenario whose steps are run'),
    drill: name.optional(),
    with: z.record(z.string(), z.unknown()).optional(),
  }),
]);

/**
 * `call: SCENARIO` or `call: { scenario: SCENARIO, with: { PARAMETER: … } }`: the steps of another scenario, as they stand there. The runner
 * writes them out when the run starts (`groups/expand.ts`) and walks them by itself.
 */
export const callStep: StepKind<z.infer<typeof schema>> = {
  kind: 'call',
  schema,
  destructive: false,
  title: (settings) => `the procedure of ${typeof settings === 'string' ? settings : settings.scenario}`,
  describe: async () => ({ certainty: 'proved', text: 'its steps stand below' }),
  run: async () => {
    assert(false, 'the runner walks the steps of a called scenario itself');
  },
};
