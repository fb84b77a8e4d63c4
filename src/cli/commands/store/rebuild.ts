import { LifeboatError } from '../../../core/index.ts';
import { rebuild } from '../../../operations/index.ts';
import type { Command } from '../../command.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Brings back on this machine what the stores remember: the journal of every machine that ships its own there, and with it the runs, what was verified and what was proven, as they were; and an index for packs that lost theirs. Needs the plan, a store and a key, and nothing of the machine that was lost. May be repeated; what is known already is passed over. The exit code is 1 if a shipped journal is damaged, cut or tells two stories, which is then named, and 4 if a store did not answer.',
  arguments: [{ name: 'STORE', summary: 'stores to ask; default: all of the plan', optional: true, many: true }],
  examples: ['lifeboat store rebuild', 'lifeboat store rebuild far --state /var/lib/lifeboat'],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const named = input.arguments('STORE');
      const stores = named.length === 0 ? [...workspace.plan.stores.keys()] : named;
      const { rebuilt, unequal, failures } = await rebuild(workspace, stores);
      const { output } = context;
      for (const { store, chains, indexedPacks, damage } of rebuilt) {
        const records = chains.reduce((total, { added }) => total + added, 0);
        output.line(
          `${output.mark(damage.length === 0)} ${store}: ${records} records of ${chains.length} journals brought back, ${indexedPacks} packs indexed again`,
        );
        for (const { chain, host, records: held } of chains) output.line(`  ${host}: ${held} records (${chain})`);
        for (const { object, what } of damage) output.line(`  ${object}: ${what}`);
      }
      for (const { host, records, forkedAt } of unequal) {
        const held = Object.entries(records).map(([store, count]) => `${count} in ${store}`);
        output.line(
          forkedAt === undefined
            ? `  the journal of ${host} is not as long everywhere: ${held.join(', ')}. Where it is shorter, the store was away, or it was cut`
            : `${output.mark(false)} the journal of ${host} has two stories from record ${forkedAt} on: ${held.join(', ')}`,
        );
      }
      for (const { message, code } of failures) output.line(`${output.mark(false)} ${message} [${code}]`);
      const json = { stores: rebuilt, unequal, failures: failures.map((error) => error.toJSON()) };
      const [damaged] = rebuilt.flatMap(({ damage }) => damage);
      const forked = unequal.find(({ forkedAt }) => forkedAt !== undefined);
      if (damaged === undefined && forked !== undefined) {
        const words = `two stores tell different stories of the journal of ${forked.host} from record ${forked.forkedAt} on`;
        return { json, error: new LifeboatError('repository.damaged', words, { where: forked.chain }) };
      }
      if (damaged === undefined) return failures[0] === undefined ? { json } : { json, error: failures[0] };
      return {
        json,
        error: new LifeboatError(damaged.code, `${damaged.object}: ${damaged.what}`, { where: damaged.object }),
      };
    }),
};
