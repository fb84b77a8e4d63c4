import { accountName, password, roles, type Role } from '../../../api/index.ts';
import { LifeboatError } from '../../../core/index.ts';
import type { Command } from '../../command.ts';
import { readSecretText } from '../../keys-given.ts';
import { withAccounts } from '../../with-accounts.ts';

export const command: Command = {
  description:
    'Makes an account for the page and the API of lifeboat serve, on this machine and in this folder of state. The password is asked for at the terminal, where nobody sees it, or read from a file or a pipe; it has twelve characters at least and is kept as a hash. With --contact the account is that contact of the plan: what it says about runs, it says in that name. A server that runs knows the account at once.',
  arguments: [{ name: 'NAME', summary: 'small letters, digits, dot, dash, underscore and @' }],
  options: [
    { flags: '--role <ROLE>', summary: 'what it may do', required: true, choices: roles },
    { flags: '--contact <CONTACT>', summary: 'which contact of the plan this is' },
    { flags: '--password-from <FILE>', summary: 'a file, or - for a pipe; default: asked for at the terminal' },
  ],
  examples: [
    'lifeboat accounts add ada --role admin',
    'lifeboat accounts add lea --role approver --contact lead --password-from - < /run/secrets/lea',
  ],
  run: async (context, input) => {
    const name = input.argument('NAME');
    mustBe(accountName.safeParse(name), 'NAME');
    const text = await readSecretText(
      input.text('password-from'),
      context.folder,
      `Password for ${name} (not shown): `,
    );
    mustBe(password.safeParse(text), 'the password');
    return withAccounts(context, async (accounts, changed) => {
      const role = input.text('role') as Role;
      const contact = input.text('contact');
      const { createdMs: _, signedInMs: __, ...account } = await accounts.add({ name, role, password: text, contact });
      changed('accounts add', `${name} as ${role}`);
      context.output.line(`${name} is ${role}${contact === undefined ? '' : `, and speaks as ${contact}`}.`);
      return { json: { account } };
    });
  },
};

function mustBe(read: { success: boolean; error?: { issues: readonly { message: string }[] } }, what: string): void {
  if (read.success) return;
  throw new LifeboatError('input.flag', `${what}: ${read.error?.issues[0]?.message ?? 'is not as it should be'}`);
}
