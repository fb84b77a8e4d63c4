import { isoTime } from '../core/index.ts';
import type { AssetMeasure, Criterion } from '../drills/index.ts';
import type { JournalRecord } from '../journal/index.ts';
import { contentHash, type DrillCriteria } from '../plan/index.ts';
import type { RtoSplit, RunResult, StepReport } from '../procedures/index.ts';
import type { Evidence, EvidenceAsset, EvidenceCriterion, EvidenceStep, RtoSeconds } from './evidence.ts';

export function sealed(evidence: Omit<Evidence, 'sha256'>): Evidence {
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
  | 'askedForBy'
  | 'tool'
  | 'host'
  | 'impactAt'
  | 'declaredAt'
  | 'startedAt';

export const headOf = (procedure: RunResult, mode: Evidence['mode'], title: string): Pick<Evidence, Head> => ({
  format: 'lifeboat-evidence/1',
  mode,
  title,
  run: procedure.run,
  scenario: procedure.scenario,
  environment: procedure.environment,
  plan: { ...procedure.plan, scenarioHash: procedure.scenarioHash },
  ...starterOf(procedure),
  tool: procedure.tool,
  host: procedure.host,
  impactAt: isoTime(procedure.incident.impactMs),
  declaredAt: isoTime(procedure.incident.declaredMs),
  startedAt: isoTime(procedure.startedMs),
});

function starterOf({ requester }: RunResult): Pick<Evidence, 'askedForBy'> {
  if (requester === undefined) return {};
  const { as, user } = requester;
  return { askedForBy: as === undefined ? user : `${as} (${user})` };
}

export function assetOf(
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

export const criterionOf = ({ unit, measured, target, margin, bound, ...rest }: Criterion): EvidenceCriterion => ({
  name: rest.name,
  verdict: rest.verdict,
  unit: unit === 'ms' ? 's' : unit,
  measured: unit === 'ms' ? seconds(measured) : measured,
  target: unit === 'ms' ? seconds(target) : target,
  margin: unit === 'ms' ? seconds(margin) : margin,
  atMost: bound,
  text: rest.text,
});

export const stepOf = (step: StepReport): EvidenceStep => ({
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

export const scopeOf = ({ scenario, environment, steps }: RunResult, assets: readonly AssetMeasure[]): string[] => [
  `${scenario} in ${environment}`,
  `${steps.filter(({ state }) => state === 'done').length} of ${steps.length} steps done`,
  `assets: ${assets.map(({ asset }) => asset).join(', ') || 'none'}`,
];

export const journalOf = (records: readonly JournalRecord[]): Evidence['journal'] => ({
  records: records.length,
  first: records[0]?.sequence ?? 0,
  last: records.at(-1)?.sequence ?? 0,
  head: records.at(-1)?.hash ?? '',
});

export const inSeconds = (split: RtoSplit): RtoSeconds => ({
  detect: split.detectMs / 1000,
  decide: split.decideMs / 1000,
  execute: split.executeMs / 1000,
  verify: split.verifyMs / 1000,
  waitingForPeople: split.waitingForPeopleMs / 1000,
  waitingForWindow: split.waitingForWindowMs / 1000,
  total: split.totalMs / 1000,
});

export const seconds = (ms: number | undefined | null): number | undefined =>
  ms === undefined || ms === null ? undefined : ms / 1000;
