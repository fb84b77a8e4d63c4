import { password, roles, type Role } from '../../../api/index.ts';
import { LifeboatError } from '../../../core/index.ts';
import type { Command, CommandContext } from '../../command.ts';
import type { Input } from '../../input.ts';
import { readSecretText } from '../../keys-given.ts';
import { withAccounts } from '../../with-accounts.ts';

export const command: Command = {
  description:
    'Changes an account for the page and the API of lifeboat serve, on this machine and in this folder of state: what it may do, as whom it speaks, its password. What is not named stays. Another password ends every session of the account at once; a smaller role revokes the tokens that it made and that may more than it may now. The last admin stays one. A server that runs knows it at once.',
  arguments: [{ name: 'NAME', summary: 'the account' }],
  options: [
    { flags: '--role <ROLE>', summary: 'what it may do', choices: roles },
    { flags: '--contact <CONTACT>', summary: 'which contact of the plan this is; an empty word: nobody' },
    { flags: '--password', summary: 'another password, asked for at the terminal, where nobody sees it' },
    { flags: '--password-from <FILE>', summary: 'another password, from a file, or - for a pipe' },
  ],
  examples: [
    'lifeboat accounts change ada --role operator',
    'lifeboat accounts change lea --password-from - < /run/secrets/lea',
  ],
  run: async (context, input) => {
    const name = input.argument('NAME');
    const role = input.text('role') as Role | undefined;
    const contact = input.text('contact');
    const text = await passwordOf(context, input, name);
    const what = [
      ...(role === undefined ? [] : [`as ${role}`]),
      ...(contact === undefined ? [] : [`speaks as ${contact === '' ? 'nobody' : contact}`]),
      ...(text === undefined ? [] : ['another password']),
    ];
    if (what.length === 0)
      throw new LifeboatError('input.flag', 'nothing is to be changed', {
        hint: 'Give --role, --contact, --password or --password-from.',
      });
    return withAccounts(context, async (accounts, changed) => {
      const edit = { role, contact: contact === '' ? null : contact, password: text };
      const { createdMs: _, signedInMs: __, ...account } = await accounts.change(name, edit);
      changed('accounts change', `${name}: ${what.join(', ')}`);
      const ended = text === undefined ? '' : '; every session has ended';
      context.output.line(`${name} is ${account.role}, and speaks as ${account.contact ?? 'nobody'}${ended}.`);
      return { json: { account } };
    });
  },
};

async function passwordOf({ folder }: CommandContext, input: Input, name: string): Promise<string | undefined> {
  const from = input.text('password-from');
  if (from === undefined && !input.flag('password')) return undefined;
  const text = await readSecretText(from, folder, `Another password for ${name} (not shown): `);
  const read = password.safeParse(text);
  if (read.success) return text;
  throw new LifeboatError('input.flag', `the password: ${read.error.issues[0]?.message ?? 'is not as it should be'}`);
}
