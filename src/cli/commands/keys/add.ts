import { withRings } from '../../../app/index.ts';
import { LifeboatError, readSecret, systemClock, type SecretSource } from '../../../core/index.ts';
import { addKey, type NewKey } from '../../../repository/index.ts';
import { resolve } from 'node:path';
import type { Command, CommandContext } from '../../command.ts';
import type { Input } from '../../input.ts';
import { failuresOf, ringRequest } from './ring-request.ts';

export const command: Command = {
  description:
    'Lets one more person or machine open the copies: an age recipient, or a passphrase that a variable or file holds. The key of the repository is wrapped once more; nothing that is stored is written anew. It is done in every store of the plan that answers; one that does not is named and behind, and the exit code is its. Needs a key that opens the stores.',
  options: [
    { flags: '--recipient <AGE1>', summary: 'an age recipient; lifeboat keys create makes one' },
    { flags: '--passphrase-env <NAME>', summary: 'the passphrase in this environment variable' },
    { flags: '--passphrase-file <FILE>', summary: 'the passphrase in this file' },
    { flags: '--label <TEXT>', summary: 'whose it is; everybody who can read the store can read this' },
  ],
  examples: [
    'lifeboat keys add --recipient age1… --label "Anna, on call"',
    'lifeboat keys add --passphrase-env SAFE_PASSPHRASE --label "the safe in the office"',
  ],
  run: async (context, input) => {
    const key = await newKey(context, input);
    return withRings(await ringRequest(context), async ({ groups, behind }) => {
      const added: { store: string; key: string; error?: LifeboatError }[] = [];
      for (const group of groups) {
        const { id, stores } = await addKey(
          group.map(({ ring }) => ring),
          key,
          systemClock,
        );
        stores.forEach(({ error }, i) =>
          added.push({ store: group[i]?.store ?? '', key: id, ...(error === undefined ? {} : { error }) }),
        );
      }
      const done = added.filter(({ error }) => error === undefined);
      for (const { store, key: id } of done)
        context.output.line(`${context.output.mark(true)} ${store}: key ${id} added`);
      if (key.recipients !== undefined)
        context.output.line(
          'Name the recipient in the plan too, so that stores made later have it: keys.*.recipients.',
        );
      const { failures, error } = failuresOf(context, [...added, ...behind]);
      const json = { added: done.map(({ store, key: id }) => ({ store, key: id })), failures };
      return error === undefined ? { json } : { json, error };
    });
  },
};

async function newKey(context: CommandContext, input: Input): Promise<NewKey> {
  const [recipient, variable, file] = ['recipient', 'passphrase-env', 'passphrase-file'].map((name) =>
    input.text(name),
  );
  if ([recipient, variable, file].filter((one) => one !== undefined).length !== 1) {
    throw new LifeboatError(
      'input.flag',
      'one of --recipient, --passphrase-env and --passphrase-file says who is added',
    );
  }
  const label = input.text('label');
  const labelled = label === undefined ? {} : { label };
  if (recipient !== undefined) return { ...labelled, recipients: [recipient] };
  const source: SecretSource =
    variable === undefined ? { file: resolve(context.folder, file as string) } : { env: variable };
  return { ...labelled, passphrase: await readSecret(source) };
}
