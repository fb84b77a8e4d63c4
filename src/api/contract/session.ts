import { z } from 'zod';
import { moment, name, role } from './common.ts';

export const accountName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._@-]{0,63}$/, 'small letters, digits, dot, dash, underscore and @; 64 at most')
  .describe('small letters, digits, dot, dash, underscore and @');
export const password = z.string().min(12, 'twelve characters at least').max(256);

export const me = z
  .object({
    name: z.string(),
    role,
    /** Whom of the plan's contacts this is: in that name words about runs are said. */
    contact: name.nullable(),
    /** How it was shown who asks. */
    by: z.enum(['session', 'token']),
  })
  .meta({ id: 'Me' });
export type Me = z.infer<typeof me>;

const about = {
  plan: z.string(),
  tool: z.string().describe('Name and version of the program'),
  host: z.string(),
  at: moment.describe('What the clock of the server says'),
};

/** Who is signed in. A session's `csrf` is sent back in the header `Lifeboat-CSRF` with everything that is not GET. */
export const session = z
  .discriminatedUnion('signedIn', [
    z.object({
      signedIn: z.literal(false),
      setup: z.boolean().describe('There is no account yet: POST setup makes the first'),
    }),
    z.object({
      signedIn: z.literal(true),
      me,
      csrf: z.string().nullable().describe('Null for who asks with a token'),
      expiresAt: moment,
      ...about,
    }),
  ])
  .meta({ id: 'Session' });
export type Session = z.infer<typeof session>;

export const signIn = z
  .strictObject({ name: accountName, password: z.string().min(1).max(256) })
  .meta({ id: 'SignIn' });
export type SignIn = z.infer<typeof signIn>;

/** One's own; the other sessions of the account end. */
export const newPassword = z
  .strictObject({ password: z.string().min(1).max(256).describe('As it is now'), next: password })
  .meta({ id: 'NewPassword' });
export type NewPassword = z.infer<typeof newPassword>;

/** The first admin, with the code that `lifeboat serve` says on its terminal; it works once. */
export const setUp = z
  .strictObject({ code: z.string().min(1).max(100), name: accountName, password, contact: name.optional() })
  .meta({ id: 'SetUp' });
export type SetUp = z.infer<typeof setUp>;
