import { isoTime, LifeboatError } from '../core/index.ts';
import { scoreDrill, type AssetMeasure, type Criterion, type DrillResult, type Measured } from '../drills/index.ts';
import type { JournalRecord } from '../journal/index.ts';
import { contentHash, type DrillCriteria } from '../plan/index.ts';
import { historyOf, resultOf, splitRto, type RtoSplit, type RunResult, type StepReport } from '../procedures/index.ts';

/**
 * What a run proved, for people and auditors: one JSON document that stands for itself. Made from records alone, so that
 * anybody with the journal makes the same one. Durations are seconds, moments ISO 8601 in UTC.
 */
export interface Evidence {
  readonly format: 'lifeboat-evidence/1';
  readonly mode: 'DRILL' | 'REAL';
  readonly title: string;
  readonly verdict: 'pass' | 'fail';
  readonly run: string;
  readonly scenario: string;
  readonly environment: string;
  readonly plan: { readonly name: string; readonly hash: string; readonly scenarioHash: string };
  readonly tool: string;
  readonly host: string;
  readonly impactAt: string;
  readonly declaredAt: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Where the recovery clock starts: at the impact, in a drill at the declaration. */
  readonly clockStarts: 'impact' | 'declared';
  readonly rto: { readonly seconds: number | undefined; readonly targetSeconds: number | undefined } & RtoSeconds;
  readonly criteria: readonly EvidenceCriterion[];
  readonly assets: readonly EvidenceAsset[];
  readonly checks: readonly { asset?: string; name: string; ok: boolean; observed: string; expected: string }[];
  readonly steps: readonly EvidenceStep[];
  readonly scope: readonly string[];
  readonly notExercised: readonly string[];
  readonly isolation: { sources: DrillResult['sources']; targets: DrillResult['targets'] } | undefined;
  readonly bubble: DrillResult['bubble'];
  readonly messages: DrillResult['messages'];
  /** The part of the journal that this was made from. */
  readonly journal: { readonly records: number; readonly first: number; readonly last: number; readonly head: string };
  /** SHA-256 over the canonical JSON of all the above (keys sorted, no spaces), hex. */
  readonly sha256: string;
}

export interface RtoSeconds {
  readonly detect: number;
  readonly decide: number;
  readonly execute: number;
  readonly verify: number;
  readonly waitingForPeople: number;
  readonly total: number;
}

export interface EvidenceCriterion {
  readonly name: Criterion['name'];
  readonly verdict: Criterion['verdict'];
  readonly unit: 's' | 'things' | 'checks' | 'none';
  readonly measured: number | undefined;
  readonly target: number | undefined;
  readonly margin: number | undefined;
  readonly atMost: boolean;
  readonly text: string;
}

export interface EvidenceAsset {
  readonly asset: string;
  readonly bytes: number | undefined;
  readonly point:
    | { readonly id: string; readonly at: string; readonly ageSeconds: number; readonly store: string }
    | undefined;
  readonly rpoSeconds: number | undefined;
  readonly rpoAtMost: boolean;
  readonly rpoHow: string;
  readonly rpoTargetSeconds: number | undefined;
  readonly rtoSeconds: number | undefined;
  readonly rtoTargetSeconds: number | undefined;
  readonly acknowledged: number | undefined;
  readonly restored: number | undefined;
  readonly lost: number | undefined;
  readonly verdict: 'pass' | 'fail' | 'unknown';
}

export interface EvidenceStep {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly state: StepReport['state'];
  readonly startedAt: string | undefined;
  readonly seconds: number | undefined;
  readonly budgetSeconds: number | undefined;
  readonly overBudget: boolean;
  readonly attempts: number;
  readonly summary: string;
}

/** Evidence of a drill, from the records of its run. Throws `run.missing` when they hold no finished drill. */
export function drillEvidence(records: readonly JournalRecord[]): Evidence {
  const finished = records.findLast(({ kind }) => kind === 'drill.finished');
  if (finished === undefined) {
    throw new LifeboatError('run.missing', 'these records hold no finished drill', {
      hint: 'List the runs: lifeboat runs',
    });
  }
  const drill = finished.data as unknown as DrillResult;
  const { procedure, expected, assets } = drill;
  return sealed({
    ...headOf(procedure, 'DRILL', `Drill ${drill.drill}`),
    verdict: drill.verdict,
    finishedAt: isoTime(finished.atMs),
    clockStarts: 'declared',
    rto: { seconds: drill.rtoSeconds, targetSeconds: seconds(expected.rtoMs), ...inSeconds(drill.rto) },
    criteria: drill.criteria.map(criterionOf),
    assets: assets.map((asset) => assetOf(asset, drill.incident.impactMs, expected, drill.rtoSeconds)),
    checks: drill.checks,
    steps: procedure.steps.map(stepOf),
    scope: scopeOf(procedure, assets),
    notExercised: drill.notExercised,
    isolation: { sources: drill.sources, targets: drill.targets },
    bubble: drill.bubble,
    messages: drill.messages,
    journal: journalOf(records),
  });
}

/** What was found out about a real recovery after its run; journaled as `recovery.measured` of that run. */
export interface RecoveryMeasured {
  readonly assets: readonly (AssetMeasure & { readonly rtoMs?: number })[];
  readonly checks: readonly { asset?: string; name: string; ok: boolean; observed: string; expected: string }[];
  readonly expected: DrillCriteria;
  /** When the last check was green, milliseconds since 1970. */
  readonly greenMs: number;
}

/** Evidence of a real recovery, from the records of its run, `recovery.measured` among them. Throws `run.missing`. */
export function recoveryEvidence(records: readonly JournalRecord[]): Evidence {
  const run = records.find(({ kind }) => kind === 'run.started')?.run;
  const found = records.findLast(({ kind }) => kind === 'recovery.measured');
  if (run === undefined || found === undefined) {
    throw new LifeboatError('run.missing', 'these records hold no measured recovery', {
      hint: 'List the runs: lifeboat runs',
    });
  }
  const history = historyOf(records, run);
  const procedure = resultOf(history);
  const { assets, checks, expected, greenMs } = found.data as unknown as RecoveryMeasured;
  const rto = splitRto(history.records, procedure.incident, greenMs);
  const done = procedure.verdict === 'done';
  const { criteria } = scoreDrill(realMeasures(done, rto.totalMs, assets, checks), expected);
  const own = criteria.filter(({ name }) => name !== 'isolation' && name !== 'bubble');
  const rtoSeconds = done ? rto.totalMs / 1000 : undefined;
  return sealed({
    ...headOf(procedure, 'REAL', `Recovery from ${procedure.scenario}`),
    verdict: own.every(({ verdict }) => verdict === 'pass') ? 'pass' : 'fail',
    finishedAt: isoTime(greenMs),
    clockStarts: 'impact',
    rto: { seconds: rtoSeconds, targetSeconds: seconds(expected.rtoMs), ...inSeconds(rto) },
    criteria: own.map(criterionOf),
    assets: assets.map((asset) =>
      assetOf(asset, procedure.incident.impactMs, expected, seconds(asset.rtoMs) ?? rtoSeconds),
    ),
    checks,
    steps: procedure.steps.map(stepOf),
    scope: scopeOf(procedure, assets),
    notExercised: [],
    isolation: undefined,
    bubble: undefined,
    messages: [],
    journal: journalOf(records),
  });
}

const realMeasures = (
  procedureDone: boolean,
  rtoMs: number,
  assets: readonly AssetMeasure[],
  checks: Measured['checks'],
): Measured => ({ procedureDone, rtoMs, assets, checks, isolated: undefined, destroyed: undefined });

/** Whether a bundle is as it was made: its hash, recomputed. */
export function evidenceIsSound(evidence: Evidence): boolean {
  const { sha256, ...rest } = evidence;
  return contentHash(rest) === sha256;
}

function sealed(evidence: Omit<Evidence, 'sha256'>): Evidence {
  const plain = JSON.parse(JSON.stringify(evidence)) as Omit<Evidence, 'sha256'>;
  return { ...plain, sha256: contentHash(plain) };
}

type Head =
  | 'format'
  | 'mode'
  | 'title'
  | 'run'
  | 'scenario'
  | 'environment'
  | 'plan'
  | 'tool'
  | 'host'
  | 'impactAt'
  | 'declaredAt'
  | 'startedAt';

const headOf = (procedure: RunResult, mode: Evidence['mode'], title: string): Pick<Evidence, Head> => ({
  format: 'lifeboat-evidence/1',
  mode,
  title,
  run: procedure.run,
  scenario: procedure.scenario,
  environment: procedure.environment,
  plan: { ...procedure.plan, scenarioHash: procedure.scenarioHash },
  tool: procedure.tool,
  host: procedure.host,
  impactAt: isoTime(procedure.incident.impactMs),
  declaredAt: isoTime(procedure.incident.declaredMs),
  startedAt: isoTime(procedure.startedMs),
});

function assetOf(
  asset: AssetMeasure,
  impactMs: number,
  { rtoMs, rpoMs, lost }: DrillCriteria,
  rtoSeconds: number | undefined,
): EvidenceAsset {
  const { point } = asset;
  const kept: (boolean | undefined)[] = [
    rpoMs === undefined ? true : within(asset.rpoMs, rpoMs),
    rtoMs === undefined ? true : within(rtoSeconds === undefined ? undefined : rtoSeconds * 1000, rtoMs),
    lost === undefined ? true : within(asset.lost, lost),
    point !== undefined && point !== null,
  ];
  return {
    asset: asset.asset,
    bytes: asset.bytes,
    point:
      point === undefined || point === null
        ? undefined
        : { id: point.id, at: isoTime(point.atMs), ageSeconds: (impactMs - point.atMs) / 1000, store: point.store },
    rpoSeconds: seconds(asset.rpoMs),
    rpoAtMost: asset.bound,
    rpoHow: asset.how,
    rpoTargetSeconds: seconds(rpoMs),
    rtoSeconds,
    rtoTargetSeconds: seconds(rtoMs),
    acknowledged: asset.acknowledged,
    restored: asset.restored,
    lost: asset.lost,
    verdict: kept.includes(false) ? 'fail' : kept.includes(undefined) ? 'unknown' : 'pass',
  };
}

const within = (value: number | undefined, target: number): boolean | undefined =>
  value === undefined ? undefined : value <= target;

const criterionOf = ({ unit, measured, target, margin, bound, ...rest }: Criterion): EvidenceCriterion => ({
  name: rest.name,
  verdict: rest.verdict,
  unit: unit === 'ms' ? 's' : unit,
  measured: unit === 'ms' ? seconds(measured) : measured,
  target: unit === 'ms' ? seconds(target) : target,
  margin: unit === 'ms' ? seconds(margin) : margin,
  atMost: bound,
  text: rest.text,
});

const stepOf = (step: StepReport): EvidenceStep => ({
  id: step.id,
  kind: step.kind,
  title: step.title,
  state: step.state,
  startedAt: step.startedMs === undefined ? undefined : isoTime(step.startedMs),
  seconds: step.seconds,
  budgetSeconds: seconds(step.budgetMs),
  overBudget: step.overBudget,
  attempts: step.attempts,
  summary: step.summary,
});

const scopeOf = ({ scenario, environment, steps }: RunResult, assets: readonly AssetMeasure[]): string[] => [
  `${scenario} in ${environment}`,
  `${steps.filter(({ state }) => state === 'done').length} of ${steps.length} steps done`,
  `assets: ${assets.map(({ asset }) => asset).join(', ') || 'none'}`,
];

const journalOf = (records: readonly JournalRecord[]): Evidence['journal'] => ({
  records: records.length,
  first: records[0]?.sequence ?? 0,
  last: records.at(-1)?.sequence ?? 0,
  head: records.at(-1)?.hash ?? '',
});

const inSeconds = (split: RtoSplit): RtoSeconds => ({
  detect: split.detectMs / 1000,
  decide: split.decideMs / 1000,
  execute: split.executeMs / 1000,
  verify: split.verifyMs / 1000,
  waitingForPeople: split.waitingForPeopleMs / 1000,
  total: split.totalMs / 1000,
});

const seconds = (ms: number | undefined | null): number | undefined =>
  ms === undefined || ms === null ? undefined : ms / 1000;
