import type { RecoveryBriefing } from '../../app/index.ts';
import { formatDuration, isoTime } from '../../core/index.ts';
import type { BriefedStep, Rehearsal } from '../../procedures/index.ts';
import type { Output } from '../output.ts';

/** What people read aloud before a recovery begins: how sure, how long, who decides, what stays, what was never rehearsed. */
export function showBriefing(output: Output, brief: RecoveryBriefing): void {
  output.line(output.colours.bold(`BRIEFING: ${brief.scenario} in ${brief.environment}, as of ${brief.at}`));
  output.line('DRY RUN: nothing is executed.');
  output.line(sureWords(brief));
  output.line(timeWords(brief));
  output.line();
  output.table(
    ['step', 'certainty', '>budget', '>took last', 'what would happen'],
    brief.steps.map((step) => stepRow(output, step)),
  );
  section(
    output,
    'Who decides',
    brief.decides.map(({ step, who, what }) => `${step}: ${names(who)} (${what})`),
    'nobody has to',
  );
  section(
    output,
    'What no rollback takes back by itself',
    brief.stays.map(({ step, why }) => `${step}: ${why}`),
    'nothing',
  );
  section(
    output,
    'Rehearsed',
    rehearsalWords(brief.rehearsal, brief.atMs),
    'never proved: no drill of this scenario on this machine',
  );
}

function sureWords({ certainty: { proved, predicted, unknown } }: RecoveryBriefing): string {
  return `How sure: ${proved} proved, ${predicted} predicted, ${unknown} unknown.`;
}

function timeWords({ budgetMs, promised, withoutBudget, steps }: RecoveryBriefing): string {
  const budgets = `How long: ${formatDuration(budgetMs)} by the budgets of its steps`;
  const open = withoutBudget.length === 0 ? '' : `, and ${withoutBudget.join(', ')} without a budget`;
  const [strictest] = promised;
  const measured = steps.filter(({ runs, last }) => runs && last !== undefined);
  const tookMs = measured.reduce((sum, { last }) => sum + (last?.ms ?? 0), 0);
  const took =
    measured.length === 0
      ? 'No step was measured yet.'
      : `${measured.length === 1 ? 'One step was' : `${measured.length} steps were`} measured: ${formatDuration(tookMs)} one after the other.`;
  if (strictest === undefined)
    return `${budgets}${open}; neither scenario nor services nor plan promise an RTO. ${took}`;
  const promises = [...Map.groupBy(promised, ({ ms }) => ms)]
    .map(([ms, all]) => `${formatDuration(ms)} (${all.map(({ of }) => of).join(', ')})`)
    .join(', ');
  const late =
    budgetMs <= strictest.ms
      ? ''
      : ` By its budgets it comes ${formatDuration(budgetMs - strictest.ms)} too late for ${strictest.of}.`;
  return `${budgets}${open}; promised are ${promises}.${late} ${took}`;
}

function stepRow({ colours }: Output, step: BriefedStep): string[] {
  const { id, runs, certainty, text, budgetMs, last, in: place, window } = step;
  const sure = certainty === 'unknown' ? colours.yellow(certainty) : certainty;
  return [
    id,
    runs ? sure : colours.dim('left out'),
    budgetMs === undefined ? '' : formatDuration(budgetMs),
    last === undefined ? '' : formatDuration(last.ms),
    [...(place === undefined ? [] : [`in ${place}`]), ...(window === undefined ? [] : [window]), text].join(': '),
  ];
}

function rehearsalWords(rehearsal: Rehearsal | undefined, nowMs: number): string[] {
  if (rehearsal === undefined) return [];
  const { run, atMs, verdict, tookMs, isSame, notExercised } = rehearsal;
  const since = isSame ? '' : '; the procedure has changed since';
  return [
    `${isoTime(atMs)} (${formatDuration(nowMs - atMs)} ago), ${verdict} in ${formatDuration(tookMs)}, run ${run}${since}`,
    ...notExercised.map(({ step, why }) => `not exercised: ${step}: ${why}`),
  ];
}

function section(output: Output, title: string, lines: readonly string[], otherwise: string): void {
  output.line();
  output.line(output.colours.bold(title));
  for (const line of lines.length === 0 ? [otherwise] : lines) output.line(`  ${line}`);
}

const names = (who: readonly string[]): string => (who.length === 0 ? 'anybody' : who.join(' or '));
