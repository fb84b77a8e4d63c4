import { isoTime } from '../../core/index.ts';
import type { RetentionPlan, RetentionReport } from '../../operations/index.ts';
import type { RetentionDecision } from '../../plan/index.ts';
import type { Output } from '../output.ts';

/** Every point with what becomes of it, and why. */
export function showRetention(output: Output, { decisions, tiers }: RetentionPlan): void {
  if (decisions.length === 0) return;
  const tierOf = new Map(tiers.map(({ point, words }) => [point, words]));
  output.table(
    ['asset', 'point', 'data of', '', 'until', 'because'],
    decisions.map((decision) => [
      decision.point.asset,
      decision.point.id,
      isoTime(decision.point.atMs),
      decision.keep ? 'stays' : 'goes',
      untilOf(decision),
      [
        ...decision.reasons.map(({ words }) => words),
        ...(tierOf.has(decision.point.id) ? [`lies ${tierOf.get(decision.point.id)}`] : []),
      ].join('; '),
    ]),
  );
}

/** As `--json` gives it. */
export const retentionJson = ({ decisions }: RetentionPlan): Record<string, unknown>[] =>
  decisions.map((decision) => ({
    point: decision.point.id,
    asset: decision.point.asset,
    kind: decision.point.kind,
    at: isoTime(decision.point.atMs),
    keep: decision.keep,
    until: untilOf(decision) || null,
    rules: decision.reasons.map(({ rule }) => rule),
    reasons: decision.reasons.map(({ words }) => words),
  }));

/** Points that were to go and stay all the same; none of a plan. */
export const retainedOf = (retention: RetentionPlan | RetentionReport | undefined): RetentionReport['retained'] =>
  retention !== undefined && 'retained' in retention ? retention.retained : [];

/** When the last of its reasons ends; empty where one has no end, or where it goes. */
function untilOf({ keep, reasons }: RetentionDecision): string {
  if (!keep || reasons.some(({ untilMs }) => untilMs === undefined)) return '';
  return isoTime(Math.max(...reasons.map(({ untilMs }) => untilMs ?? 0)));
}
