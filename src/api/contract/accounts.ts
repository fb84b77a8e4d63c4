import { z } from 'zod';
import { moment, momentOrNever, name, role } from './common.ts';
import { accountName, password } from './session.ts';

export const account = z
  .object({
    name: z.string(),
    role,
    contact: z.string().nullable(),
    createdAt: moment,
    signedInAt: momentOrNever,
  })
  .meta({ id: 'Account' });
export type Account = z.infer<typeof account>;
export const accountList = z.object({ accounts: z.array(account) }).meta({ id: 'Accounts' });
export type AccountList = z.infer<typeof accountList>;

export const newAccount = z
  .strictObject({ name: accountName, role, password, contact: name.optional() })
  .meta({ id: 'NewAccount' });
export type NewAccount = z.infer<typeof newAccount>;

/** What is not said stays as it is. */
export const accountChange = z
  .strictObject({
    role: role.optional(),
    contact: name.nullable().optional().describe('Null: nobody of the plan'),
    password: password.optional().describe('Another one; it ends the sessions of the account'),
  })
  .meta({ id: 'AccountChange' });
export type AccountChange = z.infer<typeof accountChange>;

export const token = z
  .object({
    id: z.string(),
    name: z.string(),
    role,
    by: z.string().describe('Who made it'),
    createdAt: moment,
    expiresAt: moment,
    usedAt: momentOrNever,
    state: z.enum(['good', 'expired', 'revoked']),
  })
  .meta({ id: 'Token' });
export type Token = z.infer<typeof token>;
export const tokenList = z.object({ tokens: z.array(token) }).meta({ id: 'Tokens' });
export type TokenList = z.infer<typeof tokenList>;

export const newToken = z
  .strictObject({
    name: z.string().trim().min(1).max(100).describe('What it is for'),
    role,
    days: z.number().int().min(1).max(366).default(90),
  })
  .meta({ id: 'NewToken' });
export type NewToken = z.input<typeof newToken>;

/** The only answer that ever shows it. */
export const madeToken = token.extend({ token: z.string() }).meta({ id: 'MadeToken' });
export type MadeToken = z.infer<typeof madeToken>;
