import type { RestoreReport } from '../operations/index.ts';
import { LifeboatError, timeId, toLifeboatError } from '../core/index.ts';
import type { DrillCriteria, DrillDeclaration, EnvironmentDeclaration, Scenario } from '../plan/index.ts';
import {
  isInside,
  readHistory,
  runProcedure,
  splitRto,
  type Incident,
  type RtoSplit,
  type RunnerTools,
  type RunResult,
} from '../procedures/index.ts';
import { absenceOf, absentIn, rosterWithout, type Absence } from './absence.ts';
import { cleanLeftBubbles, makeBubble, type Bubble, type BubbleProof } from './bubble.ts';
import { anyPoint, choicesBy, type Chance, type Choices } from './choices.ts';
import { glovesFor } from './gloves.ts';
import { lossOf, type AssetMeasure } from './measure.ts';
import { notExercised } from './not-exercised.ts';
import { assetsRestored, rehearsalOf } from './rehearsal.ts';
import { scoreDrill, type Criterion, type Measured } from './score.ts';
import { compareSources, seeSource, type SourceProof, type SourceSeen } from './sources.ts';
import { verifyCopies, type Verified } from './verify.ts';

export interface DrillRequest {
  /** Its id, made by who must know it before it begins (`timeId`). */
  readonly run?: string;
  readonly drill: DrillDeclaration;
  /** The account of the person who asked for it; none where the schedule or a step did. */
  readonly by?: string;
  /** The hands of the real day; the drill puts gloves on them. */
  readonly tools: RunnerTools;
  /** Repeats what an earlier drill chose by chance, as long as there is the same to choose from. */
  readonly seed?: string | undefined;
  readonly signal?: AbortSignal;
}

/** The record `drill.finished`, and what `lifeboat drill` shows. */
export interface DrillResult {
  readonly run: string;
  readonly drill: string;
  readonly scenario: string;
  readonly verdict: 'pass' | 'fail';
  readonly rtoSeconds: number | undefined;
  readonly rpoSeconds: number | undefined;
  readonly lost: number | undefined;
  readonly criteria: readonly Criterion[];
  readonly expected: DrillCriteria;
  readonly incident: Incident;
  readonly rto: RtoSplit;
  readonly assets: readonly AssetMeasure[];
  readonly checks: Verified['checks'];
  readonly sources: readonly SourceProof[];
  /** Where data was restored to; each must be inside the bubble. */
  readonly targets: readonly { readonly asset: string; readonly path: string; readonly inside: boolean }[];
  readonly bubble: BubbleProof | undefined;
  readonly notExercised: readonly string[];
  /** Messages that the real day would have sent. */
  readonly messages: readonly { readonly channel: string; readonly subject: string }[];
  /** What was left to chance, and what came of it. */
  readonly chance?: Chance;
  /** What would become of it without the people who were absent. */
  readonly people?: Absence;
  readonly procedure: RunResult;
}

/**
 * Rehearses a scenario in a bubble by the runner of the real day, measures, scores, and destroys the bubble whatever happened.
 * A drill that goes wrong is a red result; thrown is only what kept it from taking place (`plan.unknown_name`,
 * `drill.bubble`, `journal.*`), and then too the bubble is gone.
 */
export async function runDrill(request: DrillRequest): Promise<DrillResult> {
  const { drill, tools } = request;
  const { workspace } = tools;
  const choices = choicesBy(request.seed);
  const scenario = rehearsalOf(workspace.plan, drill, choices);
  const absent = absentIn(workspace.plan, drill, scenario, choices);
  const declaration = workspace.plan.environments.get(drill.in) ?? defaultBubble(drill.in, workspace.plan.environments);
  for (const proof of await cleanLeftBubbles(workspace)) noteLeft(tools, proof);
  const run = request.run ?? timeId(workspace.clock.now());
  workspace.journal.append(
    'drill.started',
    { drill: drill.name, scenario: scenario.name, expected: drill.expect, seed: choices.seed, absent, by: request.by },
    { run },
  );
  const bubble = await makeBubble(workspace, declaration, run);
  const stage = await rehearse(request, { scenario, bubble, run, choices, absent }).catch(async (error: unknown) => {
    await bubble.destroy();
    const failure = toLifeboatError(error);
    workspace.journal.append('drill.aborted', { drill: drill.name, error: failure.toJSON() }, { run });
    throw failure;
  });
  const proof = await bubble.destroy();
  const result = resultOf(request, scenario, stage, proof);
  workspace.journal.append('drill.finished', plain(result), { run });
  return result;
}

interface Stage {
  readonly run: string;
  readonly incident: Incident;
  readonly procedure: RunResult;
  readonly rto: RtoSplit;
  readonly assets: readonly AssetMeasure[];
  readonly verified: Verified;
  readonly sources: readonly SourceProof[];
  readonly restored: readonly RestoreReport[];
  readonly folder: string;
  readonly messages: DrillResult['messages'];
  readonly chance: Chance;
  readonly people: Absence | undefined;
}

interface Rehearsal {
  readonly scenario: Scenario;
  readonly bubble: Bubble;
  readonly run: string;
  readonly choices: Choices;
  readonly absent: readonly string[];
}

async function rehearse(
  { drill, tools, by, signal }: DrillRequest,
  { scenario, bubble, run, choices, absent }: Rehearsal,
): Promise<Stage> {
  const { workspace } = tools;
  const { clock, journal } = workspace;
  // The impact comes first: what the sources then say holds everything that was acknowledged before it.
  const impactMs = clock.now();
  const before: SourceSeen[] = [];
  for (const asset of assetsRestored(scenario)) before.push(await seeSource(workspace, asset, signal));
  const incident = { impactMs, declaredMs: clock.now(), lastGoodMs: impactMs };
  const points: Chance['points'][number][] = [];
  const roster = rosterWithout(workspace.plan, absent);
  const gloves = glovesFor({ ...tools, workspace: { ...workspace, plan: roster } }, bubble, async (asset, gone) => {
    if (drill.point !== 'random') return undefined;
    if (gone !== undefined)
      points.splice(
        points.findIndex(({ point }) => point === gone),
        1,
      );
    const chosen = await anyPoint(workspace, asset, choices, signal);
    points.push(chosen);
    return chosen.point;
  });
  const procedure = await runProcedure({
    run,
    scenario,
    environment: bubble.environment,
    mode: 'drill',
    tools: gloves.tools,
    incident,
    // Nobody is asked in a drill: who began it may be the one who consents on the real day.
    ...(by === undefined ? {} : { by: { as: undefined, user: by } }),
    ...(signal === undefined ? {} : { signal }),
  });
  journal.append('drill.verifying', {}, { run });
  const verified = await verifyCopies(workspace, procedure.verdict === 'done' ? gloves.restored : [], signal);
  const greenMs = clock.now();
  journal.append('drill.verified', { checks: verified.checks.length }, { run });
  const after: SourceSeen[] = [];
  for (const { asset } of before) after.push(await seeSource(workspace, asset));
  return {
    run,
    incident,
    procedure,
    rto: splitRto(readHistory(journal, run).records, incident, greenMs),
    assets: before.map((seen) => measureOf(seen, gloves.restored, verified, incident, points)),
    verified,
    sources: compareSources(before, after),
    restored: gloves.restored,
    folder: bubble.environment.folder,
    messages: gloves.messages,
    chance: { seed: choices.seed, points },
    people: absent.length === 0 ? undefined : absenceOf(workspace.plan, scenario, absent),
  };
}

function measureOf(
  seen: SourceSeen,
  restored: readonly RestoreReport[],
  verified: Verified,
  { impactMs }: Incident,
  byChance: Chance['points'],
): AssetMeasure {
  const report = restored.findLast(({ plan }) => plan.request.asset === seen.asset);
  const point = report?.plan.point;
  const loss = lossOf({
    impactMs,
    // Who restores an old point on purpose gave up what came after it.
    wantedMs: byChance.some(({ asset }) => asset === seen.asset)
      ? (point?.atMs ?? impactMs)
      : (report?.plan.request.atMs ?? impactMs),
    source: seen.newest,
    copy: verified.newest.get(seen.asset),
    pointAtMs: point?.atMs,
  });
  return {
    asset: seen.asset,
    bytes: report?.plan.bytes,
    point: point === undefined ? undefined : { id: point.id, atMs: point.atMs, store: report?.plan.store ?? '' },
    ...loss,
  };
}

function resultOf({ drill, tools }: DrillRequest, scenario: Scenario, stage: Stage, bubble: BubbleProof): DrillResult {
  const { procedure, rto, verified, sources, incident, assets } = stage;
  const targets = stage.restored.map(({ plan }) => ({
    asset: plan.request.asset,
    path: plan.target,
    inside: isInside(stage.folder, plan.target),
  }));
  const done = procedure.verdict === 'done';
  // A drill begins declared: nobody had to notice. Its clock starts there, and the report says so.
  const rtoMs = done ? rto.totalMs - rto.detectMs : undefined;
  const measured: Measured = {
    procedureDone: done,
    rtoMs,
    assets,
    checks: verified.checks,
    isolated: isolated(sources, targets),
    destroyed: bubble.gone,
    people: stage.people,
  };
  const expected = expectedOf(drill, scenario, tools.workspace.plan.objectives);
  const { verdict, criteria } = scoreDrill(measured, expected);
  const worst = assets.map(({ rpoMs }) => rpoMs);
  const lost = assets.map((asset) => asset.lost);
  return {
    run: stage.run,
    drill: drill.name,
    scenario: scenario.name,
    verdict,
    rtoSeconds: rtoMs === undefined ? undefined : rtoMs / 1000,
    rpoSeconds: worst.length === 0 || worst.includes(undefined) ? undefined : Math.max(...(worst as number[])) / 1000,
    lost: lost.length === 0 || lost.includes(undefined) ? undefined : (lost as number[]).reduce((a, b) => a + b, 0),
    criteria,
    expected,
    incident,
    rto,
    assets,
    checks: verified.checks,
    sources,
    targets,
    bubble,
    notExercised: notExercised(scenario, stage, tools.workspace),
    messages: stage.messages,
    chance: stage.chance,
    ...(stage.people === undefined ? {} : { people: stage.people }),
    procedure,
  };
}

/** What the drill states; without it, the objectives that the scenario or the plan promise. */
function expectedOf(drill: DrillDeclaration, { objectives }: Scenario, plan: DrillCriteria): DrillCriteria {
  const rtoMs = drill.expect.rtoMs ?? objectives.rtoMs ?? plan.rtoMs;
  const rpoMs = drill.expect.rpoMs ?? objectives.rpoMs ?? plan.rpoMs;
  return {
    ...drill.expect,
    ...(rtoMs === undefined ? {} : { rtoMs }),
    ...(rpoMs === undefined ? {} : { rpoMs }),
  };
}

function isolated(sources: readonly SourceProof[], targets: DrillResult['targets']): boolean {
  return sources.every(({ same }) => same !== false) && targets.every(({ inside }) => inside);
}

function defaultBubble(
  name: string,
  declared: ReadonlyMap<string, unknown>,
): Pick<EnvironmentDeclaration, 'name' | 'services'> {
  if (name === 'bubble') return { name, services: new Map() };
  throw new LifeboatError('plan.unknown_name', `the plan has no environment ${name}`, {
    hint: `It has: ${[...declared.keys()].join(', ') || 'none'}. A drill without one says in: bubble.`,
  });
}

function noteLeft({ workspace }: RunnerTools, { bubble, gone, left }: BubbleProof): void {
  const how = gone ? 'was removed' : `could not be removed whole: ${left.join('; ')}`;
  workspace.progress.note(`a bubble that a killed drill had left (${bubble}) ${how}`);
}

const plain = (result: DrillResult): Record<string, unknown> =>
  JSON.parse(JSON.stringify(result)) as Record<string, unknown>;
