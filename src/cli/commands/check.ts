import { relative } from 'node:path';
import { registry } from '../../app/index.ts';
import { systemClock } from '../../core/index.ts';
import { checkPlan, formatFinding, lint, tidyFindings, type Finding } from '../../plan/index.ts';
import type { Command } from '../command.ts';
import type { Output } from '../output.ts';

export const command: Command = {
  description:
    'Reads the plan and says everything that is wrong with it, in form and in meaning: what would break its promises or stop the recovery on the day, by time, order and failure domains. Each finding has its place, what to do instead, and a page in docs/rules. Executes nothing, opens no store and reads no secret. The exit code is 1 when there is an error; warnings and remarks leave it 0.',
  examples: [
    'lifeboat check',
    'lifeboat check --plan examples/corner-shop.yaml',
    'lifeboat check --json | jq -r ".findings[].message"',
  ],
  run: async (context) => {
    const { plan, findings: ofForm, document } = await checkPlan(context.planFile, registry);
    // A plan that is wrong in form cannot be judged further: what it means is not known.
    const ofMeaning = plan === undefined ? [] : lint(plan, document, systemClock.now());
    const findings = tidyFindings([...ofForm, ...ofMeaning]);
    const shown = findings.map((finding) => ({ ...finding, file: shortPath(finding.file) }));
    for (const finding of shown) context.output.line(`${label(finding, context.output)} ${formatFinding(finding)}`);
    const ok = !findings.some(({ severity }) => severity === 'error');
    context.output.line(`${context.output.mark(ok)} ${verdict(plan?.name ?? shortPath(context.planFile), findings)}`);
    return { json: { ok, plan: plan?.name, findings: shown }, exitCode: ok ? 0 : 1 };
  },
};

/** As people would type it from where they are, unless that is a long way around. */
function shortPath(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') ? file : path;
}

function label({ severity }: Finding, { colours }: Output): string {
  if (severity === 'error') return colours.red('error:  ');
  return severity === 'warning' ? colours.yellow('warning:') : colours.dim('note:   ');
}

function verdict(name: string, findings: readonly Finding[]): string {
  const counts = (['error', 'warning', 'info'] as const).map((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    const word = severity === 'info' ? 'note' : severity;
    return `${count} ${word}${count === 1 ? '' : 's'}`;
  });
  return `${name}: ${counts.join(', ')}`;
}
