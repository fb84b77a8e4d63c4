import { z } from 'zod';
import { moment, momentOrNever, name, next, paging, problem, reason, secondsOrUnknown } from './common.ts';
import { certainty } from './restores.ts';

export const runVerdict = z
  .enum(['done', 'failed', 'needs-human', 'cancelled', 'paused', 'unfinished'])
  .meta({ id: 'RunVerdict' });
export const stepState = z
  .enum(['pending', 'running', 'done', 'skipped', 'failed', 'retry', 'needs-human', 'cancelled', 'interrupted'])
  .meta({ id: 'StepState' });

/** What a step asks of people. */
export const asked = z
  .object({
    word: z.enum(['approve', 'attest', 'choose', 'confirm']),
    by: z.array(z.string()).describe('Roles or contacts that may answer; none: anybody'),
    who: z.array(z.string()).describe('Contacts of the plan who may, and have not said yes yet'),
    count: z.number().int(),
    agreed: z.array(z.string()).describe('Who has said yes so far'),
    untilAt: momentOrNever,
    inputs: z.record(
      z.string(),
      z.object({
        type: z.enum(['text', 'number', 'boolean', 'duration', 'time']),
        about: z.string().optional(),
        oneOf: z.array(z.union([z.string(), z.number()])).optional(),
      }),
    ),
    options: z.array(z.string()),
    /** Whether you may answer it, and if not why. */
    you: z.object({ may: z.boolean(), why: z.string().nullable() }),
  })
  .meta({ id: 'Asked' });
export type Asked = z.infer<typeof asked>;

export const step = z
  .object({
    id: z.string(),
    kind: z.string(),
    title: z.string(),
    state: stepState,
    within: z.string().nullable().describe('The group that it stands in'),
    needs: z.array(z.string()).describe('Steps that end before it begins'),
    startedAt: momentOrNever,
    finishedAt: momentOrNever,
    seconds: secondsOrUnknown,
    attempts: z.number().int(),
    summary: z.string(),
    budgetSeconds: secondsOrUnknown,
    overBudget: z.boolean(),
    plannedStartSeconds: secondsOrUnknown.describe('By the budgets, or where there is none by the last time'),
    plannedSeconds: secondsOrUnknown,
    critical: z.boolean().describe('On the longest way to the end'),
    measured: z
      .object({ p50Seconds: z.number(), p90Seconds: z.number(), runs: z.number().int() })
      .nullable()
      .describe('In earlier runs of the same procedure in the same environment; null: there are fewer than three'),
    output: z.array(z.string()).describe('The last lines that it put out'),
    code: z.string().nullable(),
    hint: z.string().nullable(),
    question: z.string().nullable(),
    asks: asked.nullable(),
  })
  .meta({ id: 'Step' });
export type Step = z.infer<typeof step>;

export const runSummary = z
  .object({
    run: z.string(),
    mode: z.enum(['real', 'drill']),
    scenario: z.string(),
    drill: z.string().nullable(),
    environment: z.string(),
    verdict: runVerdict,
    startedAt: moment,
    finishedAt: momentOrNever,
    seconds: z.number(),
    waits: z.array(z.string()).describe('Steps that wait for people'),
    undoes: z.string().nullable().describe('The run that it takes back'),
  })
  .meta({ id: 'RunSummary' });
export type RunSummary = z.infer<typeof runSummary>;

/** Newest first. */
export const runQuery = paging.extend({
  scenario: name.optional(),
  mode: z.enum(['real', 'drill']).optional(),
  verdict: runVerdict.optional(),
});
export type RunQuery = z.input<typeof runQuery>;
export const runList = z.object({ total: z.number().int(), runs: z.array(runSummary), next }).meta({ id: 'Runs' });
export type RunList = z.infer<typeof runList>;

export const runAction = z
  .enum(['approve', 'attest', 'choose', 'deny', 'resume', 'retry', 'skip', 'pause', 'cancel', 'rollback'])
  .meta({ id: 'RunAction' });

export const run = runSummary
  .extend({
    incident: z.object({ impactAt: moment, declaredAt: moment, lastGoodAt: moment }),
    rto: z.object({
      seconds: z.number().describe('From the impact until now, or to the last check'),
      targetSeconds: secondsOrUnknown,
      detectSeconds: z.number(),
      decideSeconds: z.number(),
      executeSeconds: z.number(),
      verifySeconds: z.number(),
      waitingForPeopleSeconds: z.number(),
      waitingForWindowSeconds: z.number().describe('Until a maintenance window opened'),
    }),
    plannedSeconds: secondsOrUnknown.describe('Along the longest way'),
    forecast: z
      .object({
        p50At: moment.describe('Over by then, if each step that is left takes as long as in half of the earlier runs'),
        p90At: moment.describe('As in nine of ten'),
        measured: z.array(z.string()).describe('Steps that are left whose time rests on earlier runs'),
        runs: z.number().int().nullable().describe('The fewest earlier runs that one of them rests on'),
        budgeted: z.array(z.string()).describe('Steps that are left whose time is their budget'),
        unknown: z.array(z.string()).describe('Steps that are left that nothing is known of: they count as no time'),
      })
      .nullable()
      .describe('As of now, the same as `run show --follow` says; null: the clock of the recovery has stopped'),
    rpoTargetSeconds: secondsOrUnknown,
    now: z.array(z.string()).describe('Steps at work'),
    next: z.array(z.string()).describe('Steps that can begin then'),
    blocked: z.array(z.object({ step: z.string(), why: z.string(), who: z.array(z.string()) })),
    criticalPath: z.array(z.string()),
    steps: z.array(step),
    /** What came back so far: up to the moment that was reached where the data tells, else that of the point. */
    restored: z.array(
      z.object({
        step: z.string(),
        asset: z.string(),
        point: z.string(),
        pointAt: moment,
        store: z.string(),
        reachedAt: momentOrNever.describe('Null: the data does not tell'),
      }),
    ),
    waitsForWindow: z
      .object({ step: z.string(), window: z.string(), opensAt: moment })
      .nullable()
      .describe('A maintenance window that has not opened yet'),
    reason: problem.omit({ retry: true }).nullable().describe('Why it did not come to its end'),
    requester: z.object({ as: z.string().nullable(), user: z.string() }).nullable(),
    resumed: z.number().int(),
    unexercised: z.array(z.string()),
    rollback: z.object({ run: z.string(), verdict: runVerdict }).nullable(),
    /** `here`: a runner acts on it; `gone`: it died, resume; null: it has ended or waits; `unknown`: it is on another machine. */
    runner: z.enum(['here', 'gone', 'unknown']).nullable(),
    plan: z.object({ name: z.string(), hash: z.string() }),
    tool: z.string(),
    host: z.string(),
    /** What you may do to it now. */
    may: z.array(runAction),
  })
  .meta({ id: 'Run' });
export type Run = z.infer<typeof run>;

const values = z.record(z.string().max(200), z.string().max(4_000));

/** A drill, a briefing of a recovery, or the recovery itself: then the scenario's name is typed once more. */
export const startRun = z
  .discriminatedUnion('what', [
    z.strictObject({ what: z.literal('drill'), drill: name }),
    z.strictObject({
      what: z.literal('dry'),
      scenario: name,
      environment: name.optional(),
      impactAt: z.iso.datetime({ offset: true }).optional(),
      lastGoodAt: z.iso.datetime({ offset: true }).optional(),
      parameters: values.optional(),
    }),
    z.strictObject({
      what: z.literal('recover'),
      scenario: name,
      typed: z.string().max(200).describe('The name of the scenario, typed by a person'),
      environment: name.optional(),
      impactAt: z.iso.datetime({ offset: true }).optional(),
      lastGoodAt: z.iso.datetime({ offset: true }).optional(),
      parameters: values.optional(),
      confirm: z.array(name).max(200).optional().describe('Destructive steps whose names were typed: they may act'),
      alone: z.boolean().optional(),
    }),
  ])
  .meta({ id: 'StartRun' });
export type StartRun = z.infer<typeof startRun>;

/** What `recover --dry-run` says. Executes nothing. */
export const briefing = z
  .object({
    scenario: z.string(),
    environment: z.string(),
    protected: z.boolean(),
    at: moment,
    certainty: z.object({ proved: z.number(), predicted: z.number(), unknown: z.number() }),
    budgetSeconds: z.number(),
    promisedSeconds: secondsOrUnknown,
    withoutBudget: z.array(z.string()),
    steps: z.array(
      z.object({
        id: z.string(),
        kind: z.string(),
        title: z.string(),
        runs: z.boolean(),
        certainty,
        text: z.string(),
        budgetSeconds: secondsOrUnknown,
        lastSeconds: secondsOrUnknown,
        decides: z.array(z.string()).nullable(),
        stays: z.string().nullable().describe('Why no rollback takes it back'),
        destructive: z.boolean().describe('It acts only when its name was typed: `confirm`'),
      }),
    ),
    decides: z.array(z.object({ step: z.string(), who: z.array(z.string()), what: z.string() })),
    stays: z.array(z.object({ step: z.string(), why: z.string() })),
    rehearsal: z
      .object({
        run: z.string(),
        at: moment,
        verdict: runVerdict,
        tookSeconds: z.number(),
        same: z.boolean(),
        notExercised: z.array(z.object({ step: z.string(), why: z.string() })),
      })
      .nullable(),
  })
  .meta({ id: 'Briefing' });
export type Briefing = z.infer<typeof briefing>;

export const startedRun = z
  .discriminatedUnion('what', [
    z.object({ what: z.literal('dry'), briefing }),
    z.object({ what: z.enum(['drill', 'recover']), run: z.string() }),
  ])
  .meta({ id: 'StartedRun' });
export type StartedRun = z.infer<typeof startedRun>;

/** Body of POST runs/:id/approve, /attest and /choose; `deny` is a no. */
export const say = z
  .strictObject({
    step: name.optional().describe('If several ask'),
    deny: z.boolean().default(false),
    reason: reason.optional(),
    inputs: values.optional(),
    option: name.optional().describe('The way, of a choice'),
  })
  .meta({ id: 'Say' });
export type Say = z.input<typeof say>;
export const said = z
  .object({
    run: z.string(),
    step: z.string(),
    as: z.string(),
    agreed: z.array(z.string()),
    needed: z.number().int(),
    denied: z.boolean(),
    complete: z.boolean().describe('Nothing more is missing: resume goes on'),
  })
  .meta({ id: 'Said' });
export type Said = z.infer<typeof said>;

export const resume = z
  .strictObject({
    step: name.optional(),
    is: z.enum(['done', 'again']).optional().describe('What a person found out about the step in doubt'),
    despite: reason.optional().describe('Why to go on although what must stay true is not'),
    confirm: z.array(name).max(200).optional(),
    alone: z.boolean().optional(),
  })
  .meta({ id: 'Resume' });
export type Resume = z.infer<typeof resume>;

export const skip = z.strictObject({ step: name, reason: reason.min(1) }).meta({ id: 'Skip' });
export type Skip = z.infer<typeof skip>;
export const withReason = z.strictObject({ reason: reason.optional() }).meta({ id: 'WithReason' });
export type WithReason = z.infer<typeof withReason>;

export const rollback = z
  .strictObject({
    typed: z.string().max(200).optional().describe('The scenario’s name; without it only what would be done is said'),
    confirm: z.array(name).max(200).optional(),
    alone: z.boolean().optional(),
  })
  .meta({ id: 'Rollback' });
export type Rollback = z.infer<typeof rollback>;
export const rollbackPlan = z
  .object({
    run: z.string().nullable().describe('The run that takes it back; null: nothing was begun'),
    steps: z.array(z.object({ id: z.string(), kind: z.string() })),
    leaves: z.array(z.object({ step: z.string(), why: z.string() })),
  })
  .meta({ id: 'RollbackPlan' });
export type RollbackPlan = z.infer<typeof rollbackPlan>;

/** `going`: it goes on beside the answer; watch it by its events. */
export const acted = z
  .object({ run: z.string(), state: z.enum(['going', 'asked', 'cancelled', 'skipped']) })
  .meta({ id: 'Acted' });
export type Acted = z.infer<typeof acted>;
