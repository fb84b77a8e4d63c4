import { formatFinding, type Finding } from '../../plan/index.ts';
import type { Output } from '../output.ts';

/** So many of a kind are told one by one; more would bury what is wrong. */
const toldOneByOne = 3;
const notExecutable = 'plan.not_executable';

/** A line a finding. What the language has and no part of the program does yet is summed up, unless `all` are wanted. */
export function showFindings(findings: readonly Finding[], output: Output, all: boolean): void {
  const isLater = ({ code, severity }: Finding): boolean => code === notExecutable && severity === 'info';
  const later = findings.filter(isLater);
  const isSummed = !all && later.length > toldOneByOne;
  for (const finding of findings) {
    if (isSummed && isLater(finding)) continue;
    output.line(`${label(finding, output)} ${formatFinding(finding)}`);
  }
  if (isSummed) {
    output.line(
      `${output.colours.dim('note:   ')} ${later.length} parts of the plan are kept and checked for their form, but not executable yet: ${summary(later)}. --notes lists them.`,
    );
  }
}

/** `the step ramp (3), the store type s3`: what they are, the most frequent first. */
function summary(findings: readonly Finding[]): string {
  const counts = new Map<string, number>();
  for (const { message } of findings) {
    const what = message.replace(/ (is|are) kept and checked.*$/, '');
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts]
    .toSorted(([, one], [, other]) => other - one)
    .map(([what, count]) => (count === 1 ? what : `${what} (${count})`))
    .join(', ');
}

function label({ severity }: Finding, { colours }: Output): string {
  if (severity === 'error') return colours.red('error:  ');
  return severity === 'warning' ? colours.yellow('warning:') : colours.dim('note:   ');
}
