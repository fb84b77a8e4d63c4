import { loadWorkspacePlan, probeStore } from '../../../app/index.ts';
import { systemClock } from '../../../core/index.ts';
import type { Command } from '../../command.ts';
import { showFact } from '../../show/show-facts.ts';

export const command: Command = {
  description:
    'Finds out what a store really does, by doing it on scratch objects that are removed again: whether of several writers exactly one creates an object, whether ranges are read and new objects listed at once, what is versioned, encrypted, public or locked, which storage classes there are, whether a rule of the place would harm live objects, how far its clock is from ours, and how fast it is. Ends with 1 if something found endangers copies or is not what the plan asks for.',
  arguments: [{ name: 'STORE', summary: 'a store of the plan' }],
  examples: ['lifeboat store probe far'],
  run: async (context, input) => {
    const name = input.argument('STORE');
    const plan = await loadWorkspacePlan(context.planFile);
    const facts = [];
    for await (const fact of probeStore(plan, name, systemClock, context.signal)) {
      facts.push(fact);
      showFact(context.output, fact);
    }
    const harmful = facts.filter((fact) => fact.harmful);
    return { json: { store: name, facts }, exitCode: harmful.length === 0 ? 0 : 1 };
  },
};
