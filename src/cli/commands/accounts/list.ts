import { isoTime } from '../../../core/index.ts';
import type { Command } from '../../command.ts';
import { withAccounts } from '../../with-accounts.ts';

export const command: Command = {
  description:
    'Lists who has an account for the page and the API of lifeboat serve, what each may do, and when it last signed in.',
  examples: ['lifeboat accounts list', 'lifeboat accounts list --json | jq -r .accounts[].name'],
  run: async (context) =>
    withAccounts(context, async (accounts) => {
      const list = accounts.list().map(({ name, role, contact, signedInMs }) => ({
        name,
        role,
        contact,
        signedInAt: signedInMs === null ? null : isoTime(signedInMs),
      }));
      if (list.length === 0)
        context.output.line('Nobody has an account yet. Make one: lifeboat accounts add NAME --role admin');
      else
        context.output.table(
          ['name', 'role', 'speaks as', 'signed in'],
          list.map(({ name, role, contact, signedInAt }) => [name, role, contact ?? '', signedInAt ?? 'never']),
        );
      return { json: { accounts: list } };
    }),
};
