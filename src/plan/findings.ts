import { LifeboatError, redact } from '../core/index.ts';
import type { Finding } from './model.ts';

/** `plan.invalid` with everything that was found, errors or not, in the order of the file. */
export class PlanError extends LifeboatError {
  readonly findings: readonly Finding[];

  constructor(file: string, findings: readonly Finding[]) {
    const errors = findings.filter(({ severity }) => severity === 'error');
    const lines = errors.slice(0, shownMax).map((finding) => `  ${formatFinding(finding)}`);
    const more = errors.length > shownMax ? [`  and ${errors.length - shownMax} more`] : [];
    const count = errors.length === 1 ? 'an error' : `${errors.length} errors`;
    super('plan.invalid', [`the plan has ${count}:`, ...lines, ...more].join('\n'), {
      where: file,
      hint: 'lifeboat check lists every finding with its place.',
    });
    this.findings = findings;
  }

  override toJSON(): ReturnType<LifeboatError['toJSON']> & { findings: readonly Finding[] } {
    return { ...super.toJSON(), findings: this.findings };
  }
}

/** One screen of errors is read; the rest is one command away. */
const shownMax = 20;

/** `lifeboat.yaml:12:5 plan.unknown_key there is no key "polcy" here. Did you mean policy?` */
export function formatFinding(finding: Finding): string {
  const hint = finding.hint === undefined ? '' : ` ${finding.hint}`;
  const place = `${finding.file}:${finding.line}:${finding.column}`;
  return `${place} ${finding.code} ${sentence(finding.message)}${hint}`;
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** In the order of the file, each said once, without any secret. */
export function tidyFindings(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings
    .map((finding) => ({ ...finding, message: redact(finding.message) }))
    .sort((a, b) => a.line - b.line || a.column - b.column || rank[a.severity] - rank[b.severity])
    .filter((finding) => {
      const key = `${finding.code} ${finding.path} ${finding.message}`;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    });
}

const rank = { error: 0, warning: 1, info: 2 } as const;
