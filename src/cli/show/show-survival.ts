import { sentenceDuration, type AssetSurvival, type Survival } from '../../plan/index.ts';
import type { Output } from '../output.ts';

/** What each loss leaves, as a table, and below it why a way back does not close. */
export function showSurvival(survivals: readonly Survival[], output: Output): void {
  const headings = ['lost', 'assets', 'left, newest point at worst', 'way back', 'steps', 'closes'];
  output.line();
  output.table(
    headings,
    survivals.map((one) => rowOf(one, output)),
  );
  const open = survivals.filter(({ closes }) => !closes);
  if (open.length === 0) return;
  output.line();
  for (const { name, gaps } of open) output.line(`${output.mark(false)} ${name}: ${gaps.join('; ')}`);
}

function rowOf(survival: Survival, output: Output): string[] {
  const lost = survival.assets.filter((asset) => asset.lost);
  return [
    survival.kind === 'scenario' ? survival.name : `domain ${survival.name}`,
    few(lost.map(({ asset }) => asset)) || '-',
    few([...new Set(lost.map(leftOf))]) || '-',
    survival.path ?? '-',
    survival.stepsMs === undefined ? '-' : timeOf(survival.stepsMs, survival.rtoMs),
    output.mark(survival.closes),
  ];
}

function leftOf({ left }: AssetSurvival): string {
  const [best] = left;
  if (best === undefined) return 'nothing';
  return best.worstMs === undefined
    ? `${best.store}, no schedule`
    : `${best.store} ≤ ${sentenceDuration(best.worstMs)}`;
}

const timeOf = (ms: number, rtoMs: number | undefined): string =>
  rtoMs === undefined ? sentenceDuration(ms) : `${sentenceDuration(ms)} of ${sentenceDuration(rtoMs)}`;

/** A table is read at a glance; `--json` has all of them. */
const few = (words: readonly string[]): string =>
  words.length > 3 ? `${words.slice(0, 3).join(', ')} and ${words.length - 3} more` : words.join(', ');
