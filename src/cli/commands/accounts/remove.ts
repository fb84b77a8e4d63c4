import type { Command } from '../../command.ts';
import { withAccounts } from '../../with-accounts.ts';

export const command: Command = {
  description:
    'Removes an account: its sessions end at once, and the tokens that it made are revoked. The last admin cannot go. What it did stays in the audit.',
  arguments: [{ name: 'NAME', summary: 'the account' }],
  examples: ['lifeboat accounts remove ada'],
  run: async (context, input) =>
    withAccounts(context, async (accounts, changed) => {
      const name = input.argument('NAME');
      accounts.remove(name);
      changed('accounts remove', name);
      context.output.line(`${name} has no account any more.`);
      return { json: { account: name } };
    }),
};
