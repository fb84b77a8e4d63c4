import { z } from 'zod';
import { moment, momentOrNever, next, paging, problem, secondsOrUnknown } from './common.ts';
import { drillReadiness } from './readiness.ts';

export const finding = z
  .object({
    code: z.string(),
    severity: z.enum(['error', 'warning', 'info']),
    path: z.string().nullable(),
    file: z.string(),
    line: z.number().int(),
    column: z.number().int(),
    message: z.string(),
    hint: z.string().nullable(),
  })
  .meta({ id: 'Finding' });
export type Finding = z.infer<typeof finding>;

export const plan = z
  .object({
    name: z.string(),
    hash: z.string(),
    owner: z.string().nullable(),
    timezone: z.string(),
    reviewed: z.string().nullable(),
    /** As the files are now; values that are written as secrets are not in a plan. */
    files: z.array(z.object({ file: z.string(), text: z.string() })),
    findings: z.array(finding),
    /** The files have changed, and what they say now is refused: this is why. */
    refused: problem.nullable(),
    scenarios: z.array(
      z.object({
        scenario: z.string(),
        trigger: z.string().nullable(),
        severity: z.string().nullable(),
        rtoSeconds: secondsOrUnknown,
        rpoSeconds: secondsOrUnknown,
        steps: z.number().int(),
        parameters: z.array(z.object({ name: z.string(), about: z.string().nullable(), required: z.boolean() })),
        destructive: z.array(z.string()),
      }),
    ),
    environments: z.array(z.object({ environment: z.string(), protected: z.boolean(), ephemeral: z.boolean() })),
    drills: z.array(z.string()),
    contacts: z.array(z.object({ contact: z.string(), role: z.string().nullable() })),
  })
  .meta({ id: 'Plan' });
export type Plan = z.infer<typeof plan>;

export const drillResult = z
  .object({
    run: z.string(),
    drill: z.string(),
    scenario: z.string(),
    at: moment,
    verdict: z.enum(['pass', 'fail', 'aborted']),
    rtoSeconds: secondsOrUnknown,
    rtoTargetSeconds: secondsOrUnknown,
    rpoSeconds: secondsOrUnknown,
    rpoTargetSeconds: secondsOrUnknown,
    lost: z.number().nullable(),
    criteria: z.array(z.object({ name: z.string(), verdict: z.enum(['pass', 'fail', 'unknown']), text: z.string() })),
  })
  .meta({ id: 'DrillResult' });
export type DrillResult = z.infer<typeof drillResult>;

/** Of the results: how many, and from where on. */
export const drillQuery = paging;
export type DrillQuery = z.input<typeof drillQuery>;
export const drillList = z
  .object({
    drills: z.array(drillReadiness),
    total: z.number().int().describe('So many results there are'),
    /** Newest first: the trend. `GET drills/:run/report` (or `report.html`) has the whole of each. */
    results: z.array(drillResult),
    next,
  })
  .meta({ id: 'Drills' });
export type DrillList = z.infer<typeof drillList>;

export const store = z
  .object({
    store: z.string(),
    type: z.string(),
    domain: z.string().nullable(),
    location: z.string().nullable(),
    answered: z.boolean(),
    error: problem.nullable(),
    points: z.number().int(),
    assets: z.number().int(),
    storedBytes: z.number().describe('What its points were, new in it'),
    newestAt: momentOrNever,
    lockSeconds: secondsOrUnknown,
    damaged: z.number().int().describe('Points that the newest verification found damaged there'),
  })
  .meta({ id: 'Store' });
export type Store = z.infer<typeof store>;
export const storeList = z.object({ at: moment, renewing: z.boolean(), stores: z.array(store) }).meta({ id: 'Stores' });
export type StoreList = z.infer<typeof storeList>;

/** Who can open the copies; never a secret. */
export const key = z
  .object({
    key: z.string(),
    domain: z.string().nullable(),
    kinds: z.array(z.enum(['passphrase', 'identity', 'recipient'])),
    recipients: z.array(z.string()),
    shares: z.object({ of: z.number().int(), needed: z.number().int(), holders: z.array(z.string()) }).nullable(),
    testedAt: momentOrNever,
    escrowed: z.boolean().nullable(),
  })
  .meta({ id: 'Key' });
export type Key = z.infer<typeof key>;
export const keyList = z.object({ keys: z.array(key) }).meta({ id: 'Keys' });
export type KeyList = z.infer<typeof keyList>;
