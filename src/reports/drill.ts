import { isoTime, LifeboatError } from '../core/index.ts';
import type { DrillResult } from '../drills/index.ts';
import type { JournalRecord } from '../journal/index.ts';
import { contentHash } from '../plan/index.ts';
import type { Evidence } from './evidence.ts';
import { assetOf, criterionOf, headOf, inSeconds, journalOf, scopeOf, sealed, seconds, stepOf } from './parts.ts';

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
    scope: [...scopeOf(procedure, assets), ...chanceWords(drill)],
    notExercised: drill.notExercised,
    isolation: { sources: drill.sources, targets: drill.targets },
    bubble: drill.bubble,
    messages: drill.messages,
    ...(drill.chance === undefined ? {} : { chance: drill.chance }),
    ...(drill.people === undefined ? {} : { people: drill.people }),
    journal: journalOf(records),
  });
}

const chanceWords = ({ chance }: DrillResult): string[] =>
  (chance?.points ?? []).map(
    ({ asset, point, of }) => `point ${point} of ${asset}, chosen by chance among ${of} (seed ${chance?.seed})`,
  );

/** Whether a bundle is as it was made: its hash, recomputed. */
export function evidenceIsSound(evidence: Evidence): boolean {
  const { sha256, ...rest } = evidence;
  return contentHash(rest) === sha256;
}
