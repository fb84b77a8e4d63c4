import { z } from 'zod';

const verdict = z.enum(['pass', 'fail', 'unknown']);
const amount = z.number().optional();

/** What a drill proved, as `lifeboat drill` writes it; what nobody knows is not there. There is more in it than what is said here. */
export const evidence = z
  .looseObject({
    format: z.string(),
    run: z.string(),
    title: z.string(),
    verdict: z.enum(['pass', 'fail']),
    criteria: z.array(
      z.looseObject({
        name: z.string(),
        verdict,
        unit: z.enum(['s', 'things', 'checks', 'none']),
        measured: amount,
        target: amount,
        margin: amount,
        atMost: z.boolean(),
        text: z.string(),
      }),
    ),
    scenario: z.string(),
    finishedAt: z.string(),
    rto: z.looseObject({
      seconds: amount,
      targetSeconds: amount,
      detect: z.number(),
      decide: z.number(),
      execute: z.number(),
      verify: z.number(),
      waitingForPeople: z.number(),
      waitingForWindow: z.number(),
    }),
    assets: z.array(
      z.looseObject({
        asset: z.string(),
        bytes: amount,
        point: z.looseObject({ id: z.string(), at: z.string(), ageSeconds: z.number(), store: z.string() }).optional(),
        rpoSeconds: amount,
        rpoAtMost: z.boolean(),
        rpoHow: z.string(),
        acknowledged: amount,
        lost: amount,
        verdict,
      }),
    ),
    scope: z.array(z.string()),
    notExercised: z.array(z.string()),
    isolation: z
      .looseObject({
        sources: z.array(z.looseObject({ asset: z.string(), same: z.boolean().optional() })),
        targets: z.array(z.looseObject({ asset: z.string(), inside: z.boolean() })),
      })
      .optional(),
    bubble: z.looseObject({ gone: z.boolean(), left: z.array(z.string()) }).optional(),
    askedForBy: z.string().optional(),
    tool: z.string(),
    host: z.string(),
    plan: z.looseObject({ name: z.string(), hash: z.string() }),
    journal: z.looseObject({ records: z.number(), head: z.string() }),
    sha256: z.string(),
  })
  .meta({ id: 'Evidence' });
export type Evidence = z.infer<typeof evidence>;
