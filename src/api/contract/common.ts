import { z } from 'zod';
import { roles } from './words.ts';

export * from './words.ts';

export const role = z
  .enum(roles)
  .describe(
    'viewer reads; operator takes points, restores beside and rehearses; approver consents and recovers for real; admin keeps accounts and tokens',
  )
  .meta({ id: 'Role' });
export const moment = z.iso.datetime().describe('ISO 8601 in UTC');
/** Null: never. */
export const momentOrNever = moment.nullable();
/** Null: nobody knows. */
export const secondsOrUnknown = z.number().nonnegative().nullable();
/** As people write it: a name of the plan. */
export const name = z.string().min(1).max(200);
export const timeId = z.string().regex(/^[0-9a-hjkmnp-tv-z]{26}$/);
export const reason = z.string().trim().max(2_000);

/** An error of the product, as `--json` shows it; nothing in it is secret. */
export const problem = z
  .object({
    code: z.string().describe('One of docs/ERRORS.md: `run.missing`'),
    message: z.string(),
    where: z.string().optional(),
    hint: z.string().optional().describe('What to do next'),
    retry: z.enum(['no', 'later', 'human']).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problem>;

/** Body of every answer that is not 2xx. */
export const failure = z.object({ error: problem }).meta({ id: 'Failure' });
export type Failure = z.infer<typeof failure>;

/** How much of a list is wanted, and from where on. */
export const paging = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
  cursor: z.string().max(200).optional().describe('`next` of the answer before'),
});

/** Null: that was all. */
export const next = z.string().nullable();
