import { isoTime, LifeboatError } from '../core/index.ts';
import { scoreDrill, type AssetMeasure, type Measured } from '../drills/index.ts';
import type { JournalRecord } from '../journal/index.ts';
import type { DrillCriteria } from '../plan/index.ts';
import { historyOf, resultOf, splitRto } from '../procedures/index.ts';
import type { Evidence } from './evidence.ts';
import { assetOf, criterionOf, headOf, inSeconds, journalOf, scopeOf, sealed, seconds, stepOf } from './parts.ts';

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
