import { roles, type Role } from '../../../api/index.ts';
import { isoTime } from '../../../core/index.ts';
import type { Command } from '../../command.ts';
import { userName } from '../../user-name.ts';
import { withAccounts } from '../../with-accounts.ts';

export const command: Command = {
  description:
    'Makes a token by which a program asks the API of lifeboat serve, with a role and an end. It is shown this once and kept as a hash; whoever loses it makes another. It is nobody’s: it consents to nothing.',
  arguments: [{ name: 'NAME', summary: 'what it is for, for those who read the list' }],
  options: [
    { flags: '--role <ROLE>', summary: 'what it may do', required: true, choices: roles },
    { flags: '--days <NUMBER>', summary: 'how long it is good; default: 90' },
  ],
  examples: [
    'lifeboat tokens create dashboard --role viewer --days 365',
    'lifeboat tokens create nightly --role operator --json | jq -r .token',
  ],
  run: async (context, input) =>
    withAccounts(context, async (accounts, changed) => {
      const [name, role] = [input.argument('NAME'), input.text('role') as Role];
      const days = input.number('days', 1, 366) ?? 90;
      const made = accounts.makeToken({ name, role, days, by: `user ${userName()}` });
      changed('tokens create', `${name} as ${role}, ${days} days`);
      const expiresAt = isoTime(made.expiresMs);
      context.output.line(`${role} until ${expiresAt}, shown this once:`);
      context.output.line(made.token);
      return { json: { id: made.id, name, role, expiresAt, token: made.token } };
    }),
};
