import { z } from 'zod';
import { moment, momentOrNever, name, problem, secondsOrUnknown } from './common.ts';

export const certainty = z.enum(['proved', 'predicted', 'unknown']).meta({ id: 'Certainty' });

/** A restore beside, never over: what `lifeboat restore ASSET --to TARGET` takes. */
export const restoreWish = z
  .strictObject({
    asset: name,
    target: z
      .string()
      .min(1)
      .max(1_000)
      .describe('A name below the folder that the server restores to (`folder` of GET restores), or a path inside it'),
    point: z.string().max(64).optional().describe('This point instead of the newest'),
    at: z
      .string()
      .max(200)
      .optional()
      .describe('Up to this moment; where a log is kept also a position, a transaction or a name (`name:…`)'),
    before: z.string().max(200).optional(),
    store: name.optional(),
    start: z.boolean().default(false).describe('Leave a restored server running'),
  })
  .meta({ id: 'RestoreWish' });
export type RestoreWish = z.input<typeof restoreWish>;

export const restorePreview = z
  .object({
    id: z.string().describe('Executed once by POST restores, until it expires'),
    expiresAt: moment,
    asset: z.string(),
    target: z.string(),
    point: z.object({ id: z.string(), at: moment, kind: z.string() }),
    store: z.string(),
    others: z.array(z.string()).describe('Stores that stand in when the first fails midway'),
    bytes: z.number(),
    files: z.number().int(),
    secondsExpected: secondsOrUnknown,
    expectedFrom: z.string().nullable(),
    overwrites: z.array(z.string()).describe('Always empty: a restore goes to a place that does not exist yet'),
    steps: z.array(z.object({ what: z.string(), certainty, words: z.string() })),
    log: z.object({ from: z.string(), to: z.string(), bytes: z.number(), reachableAt: momentOrNever }).nullable(),
    start: z.boolean(),
    rejected: z.array(z.object({ id: z.string(), at: moment, reason: z.string() })),
    damage: z.array(z.object({ object: z.string(), what: z.string() })),
    unanswered: z.array(z.object({ store: z.string(), reason: z.string() })),
  })
  .meta({ id: 'RestorePreview' });
export type RestorePreview = z.infer<typeof restorePreview>;

export const startRestore = z.strictObject({ preview: z.string().min(1).max(64) }).meta({ id: 'StartRestore' });
export type StartRestore = z.infer<typeof startRestore>;

export const restore = z
  .object({
    id: z.string(),
    asset: z.string(),
    target: z.string(),
    point: z.string(),
    state: z.enum(['running', 'done', 'failed', 'cancelled']),
    by: z.string(),
    startedAt: moment,
    finishedAt: momentOrNever,
    seconds: z.number(),
    secondsExpected: secondsOrUnknown,
    phase: z.string(),
    bytes: z.number(),
    bytesDone: z.number(),
    checks: z.array(z.object({ name: z.string(), ok: z.boolean(), observed: z.string(), expected: z.string() })),
    reachedAt: momentOrNever,
    url: z.string().nullable(),
    warnings: z.array(z.string()),
    error: problem.nullable(),
  })
  .meta({ id: 'Restore' });
export type Restore = z.infer<typeof restore>;
/** Of this server since it began, newest first. */
export const restoreList = z
  .object({ folder: z.string().describe('Targets lie below it'), restores: z.array(restore) })
  .meta({ id: 'Restores' });
export type RestoreList = z.infer<typeof restoreList>;
