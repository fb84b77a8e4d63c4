import type { Command } from '../../command.ts';
import { withAccounts } from '../../with-accounts.ts';

export const command: Command = {
  description: 'Revokes a token: from this moment on it opens nothing.',
  arguments: [{ name: 'ID', summary: 'the token; `lifeboat tokens list` shows it' }],
  examples: ['lifeboat tokens revoke 7k2m9q4x1d'],
  run: async (context, input) =>
    withAccounts(context, async (accounts, changed) => {
      const id = input.argument('ID');
      accounts.revoke(id);
      changed('tokens revoke', id);
      context.output.line(`${id} opens nothing any more.`);
      return { json: { id } };
    }),
};
