import { z } from 'zod';
import { moment, momentOrNever, problem, secondsOrUnknown } from './common.ts';

export const proofLevel = z
  .enum(['declared', 'checked', 'protected', 'verified', 'restored', 'rehearsed'])
  .meta({ id: 'ProofLevel' });
export const verdict = z.enum(['ok', 'breached', 'unknown', 'no target']);

const loss = {
  rpoSeconds: secondsOrUnknown.describe('What would be lost if the source were gone now'),
  rpoAtMost: z.boolean().describe('It is an upper bound'),
  rpoHow: z.string(),
};

/** What is lost now against what is allowed: `<1`, `≤2`, `≤4`, `>4` times; null: one of both is not known. */
export const band = z.enum(['<1', '≤2', '≤4', '>4']).nullable().meta({ id: 'Band' });

export const drillRun = z.object({
  drill: z.string(),
  run: z.string(),
  at: moment,
  verdict: z.enum(['pass', 'fail', 'aborted']),
  rtoSeconds: secondsOrUnknown,
  rpoSeconds: secondsOrUnknown,
});

export const serviceReadiness = z.object({
  service: z.string(),
  rank: z.string().nullable(),
  worst: z
    .object({ scenario: z.string(), level: proofLevel, proofAt: momentOrNever, proofAgeSeconds: secondsOrUnknown })
    .nullable()
    .describe('The scenario that takes something from it and is proven least'),
  rpoSeconds: secondsOrUnknown,
  rpoAtMost: z.boolean().optional(),
  rpoHow: z.string().optional(),
  verdict,
});
export type ServiceReadiness = z.infer<typeof serviceReadiness>;

const storeReadiness = z.object({
  store: z.string(),
  role: z.enum(['first', 'copy', 'log', 'outside']),
  answered: z.boolean(),
  points: z.number().int(),
  newest: z.object({ id: z.string(), at: momentOrNever, ageSeconds: secondsOrUnknown }).nullable(),
  ...loss,
  verifiedAt: momentOrNever,
  verifiedAgeSeconds: secondsOrUnknown,
  damaged: z.array(z.string()),
  holes: z
    .array(
      z.object({
        timeline: z.number().int(),
        from: z.string(),
        to: z.string(),
        toTimeline: z.number().int(),
        point: z.string().describe('The newest before it'),
        lostFrom: moment.describe('The last moment before it that can be restored'),
        lostTo: momentOrNever.describe('From when on moments can be restored again; null: no later one can'),
        damaged: z.array(z.string()).describe('Objects that are there and cannot be read'),
        told: z
          .boolean()
          .describe('The stream said so when it came, and a point was taken behind it: no promise is broken'),
      }),
    )
    .describe('Holes in the log there'),
  lagSeconds: z.number().optional(),
  waiting: z.number().optional(),
  withinSeconds: secondsOrUnknown.optional(),
});

export const assetReadiness = z.object({
  asset: z.string(),
  type: z.string(),
  rank: z.string().nullable(),
  ...loss,
  sourceSilent: z
    .object({ reason: z.string(), aliveAt: momentOrNever, aliveAgeSeconds: secondsOrUnknown })
    .nullable()
    .describe('Why the source did not answer, and when a point or the log shows that it lived last'),
  rpoStore: z.string().nullable(),
  rpoTargetSeconds: secondsOrUnknown,
  rpoTargetOf: z.string().nullable(),
  band,
  verdict,
  verifiedAt: momentOrNever,
  verifiedAgeSeconds: secondsOrUnknown,
  provenAt: momentOrNever,
  provenAgeSeconds: secondsOrUnknown,
  stores: z.array(storeReadiness),
});
export type AssetReadiness = z.infer<typeof assetReadiness>;

export const scenarioReadiness = z.object({
  scenario: z.string(),
  level: proofLevel,
  proofAt: momentOrNever,
  proofAgeSeconds: secondsOrUnknown,
  missing: z.string().nullable().describe('What keeps it from the next level'),
  levels: z.array(
    z.object({
      level: proofLevel,
      holds: z.boolean(),
      at: momentOrNever,
      ageSeconds: secondsOrUnknown,
      words: z.string(),
    }),
  ),
  assets: z.array(z.string()),
  lastDrill: drillRun.nullable(),
  nextDrillAt: momentOrNever,
});
export type ScenarioReadiness = z.infer<typeof scenarioReadiness>;

export const drillReadiness = z.object({
  drill: z.string(),
  scenario: z.string().nullable(),
  restore: z.string().nullable(),
  last: drillRun.nullable(),
  lastPassAt: momentOrNever,
  nextAt: momentOrNever,
});
export type DrillReadiness = z.infer<typeof drillReadiness>;

const task = z.object({
  task: z.string(),
  state: z.string(),
  startedAt: momentOrNever,
  endedAt: momentOrNever,
  doneAt: momentOrNever,
  doneAgeSeconds: secondsOrUnknown,
  hangs: z.boolean(),
  words: z.string().nullish(),
  failures: z.number().int(),
  turnsMissed: z.number().int(),
});

/** A copy that follows the log in a store, kept by the machine that is asked. */
export const standbyReadiness = z.object({
  asset: z.string(),
  target: z.string().describe('Its folder'),
  store: z.string().nullable(),
  state: z
    .enum(['seeding', 'starting', 'following', 'waiting', 'silent'])
    .describe('silent: whoever keeps it says nothing any more'),
  seenAt: momentOrNever,
  seenAgeSeconds: secondsOrUnknown,
  behindBytes: z.number().nullable().describe('What of its store it has not replayed; null: not known'),
  behindSeconds: secondsOrUnknown.describe('For how long, at most, the store has had what is not replayed yet'),
  reason: z.string().nullable().describe('Why it waits, or is made'),
});
export type StandbyReadiness = z.infer<typeof standbyReadiness>;

export const duty = z.object({
  code: z.string(),
  about: z.string().describe('`orders in far`, `the drill weekly`'),
  words: z.string(),
  hint: z.string(),
});
export type Duty = z.infer<typeof duty>;

/** How ready the plan is, in the words and numbers of `lifeboat status`. */
export const readiness = z
  .object({
    at: moment.describe('When the stores and sources were asked'),
    /** Something has happened since, and they are asked again now; an event `readiness` says when that is done. */
    renewing: z.boolean(),
    plan: z.string(),
    services: z.array(serviceReadiness),
    assets: z.array(assetReadiness),
    excluded: z.array(z.object({ asset: z.string(), reason: z.string() })),
    scenarios: z.array(scenarioReadiness),
    drills: z.array(drillReadiness),
    keys: z.array(
      z.object({
        key: z.string(),
        testedAt: momentOrNever,
        testedAgeSeconds: secondsOrUnknown,
        escrowed: z.boolean().nullable(),
      }),
    ),
    schedule: z.object({
      kept: z.enum(['now', 'nobody', 'never', 'unknown']),
      host: z.string().nullable(),
      seenAt: momentOrNever,
      seenAgeSeconds: secondsOrUnknown,
      tasks: z.array(task),
    }),
    standbys: z.array(standbyReadiness),
    problems: z.array(duty).describe('What is promised and not so; the first is the worst'),
    unanswered: z.array(problem.extend({ store: z.string() })),
    nextDrill: z.object({ drill: z.string(), at: moment }).nullable(),
    /** Whether the server that you ask keeps the schedule. */
    keeper: z.boolean(),
  })
  .meta({ id: 'Readiness' });
export type Readiness = z.infer<typeof readiness>;
