import { isoTime, systemClock } from '../../../core/index.ts';
import type { Command } from '../../command.ts';
import { withAccounts } from '../../with-accounts.ts';

export const command: Command = {
  description:
    'Lists the tokens of programs: what each is for and may do, who made it, and until when it is good. Never the token itself.',
  examples: ['lifeboat tokens list'],
  run: async (context) =>
    withAccounts(context, async (accounts) => {
      const tokens = accounts.tokens().map(({ id, name, role, by, expiresMs, revokedMs, usedMs }) => ({
        id,
        name,
        role,
        by,
        expiresAt: isoTime(expiresMs),
        usedAt: usedMs === null ? null : isoTime(usedMs),
        state: revokedMs !== null ? 'revoked' : expiresMs <= systemClock.now() ? 'expired' : 'good',
      }));
      if (tokens.length === 0) context.output.line('There is no token.');
      else
        context.output.table(
          ['id', 'for', 'role', 'made by', 'until', 'used', 'state'],
          tokens.map((one) => [one.id, one.name, one.role, one.by, one.expiresAt, one.usedAt ?? 'never', one.state]),
        );
      return { json: { tokens } };
    }),
};
