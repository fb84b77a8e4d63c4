import { initStore, loadWorkspacePlan } from '../../../app/index.ts';
import { LifeboatError, systemClock } from '../../../core/index.ts';
import type { Command } from '../../command.ts';
import { showFact } from '../../show/show-facts.ts';

export const command: Command = {
  description:
    'Makes an encrypted repository in each named store, or in every store of the plan that has none. Whoever holds one of the plan’s keys can open it; nobody else ever can, so keep the passphrase or identity somewhere that survives this machine. Where a store can be made as the plan asks (a bucket: versions, locks, encryption, nothing public), that is done and read back; nothing that is there is weakened. Refuses to touch a store that already holds a repository.',
  arguments: [{ name: 'STORE', summary: 'stores to initialise; default: all of the plan', optional: true, many: true }],
  examples: ['lifeboat store init', 'lifeboat store init near'],
  run: async (context, input) => {
    const plan = await loadWorkspacePlan(context.planFile);
    const named = input.arguments('STORE');
    const made: ({ store: string } & Awaited<ReturnType<typeof initStore>>)[] = [];
    const there: string[] = [];
    for (const store of named.length === 0 ? plan.stores.keys() : named) {
      try {
        made.push({ store, ...(await initStore(plan, store, systemClock, context.wrapStore)) });
      } catch (error) {
        const exists = error instanceof LifeboatError && error.code === 'repository.exists';
        // Without names the command means "whatever is missing"; with a name it means that store.
        if (!exists || named.length > 0) throw error;
        there.push(store);
      }
    }
    for (const { store, id, location, facts } of made) {
      context.output.line(`${context.output.mark(true)} ${store}: repository ${id} made in ${location}`);
      for (const fact of facts) showFact(context.output, fact);
    }
    for (const store of there) context.output.line(`${store}: already holds a repository, left as it is`);
    return { json: { stores: made, existing: there } };
  },
};
