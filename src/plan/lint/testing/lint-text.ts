import { parseText } from '../../document.ts';
import { formatFinding } from '../../findings.ts';
import { inspectPlan } from '../../load.ts';
import type { Finding } from '../../model.ts';
import { testKinds } from '../../testing/kinds.ts';
import { lint } from '../engine.ts';

/** The day on which test plans are read. */
export const today = Date.parse('2026-11-21T12:00:00Z');

/** What the linter finds in the text of a plan that must be right in form. */
export function findingsIn(text: string, nowMs: number = today): Finding[] {
  const document = parseText('plan.yaml', text);
  const { plan, findings } = inspectPlan(document, testKinds);
  if (plan === undefined) throw new Error(findings.map(formatFinding).join('\n'));
  return lint(plan, document, nowMs);
}

/** As `12 time.rpo`. */
export const codesIn = (text: string): string[] => findingsIn(text).map(({ line, code }) => `${line} ${code}`);

/** The messages of one rule. */
export const said = (text: string, code: string): string[] =>
  findingsIn(text).flatMap((finding) => (finding.code === code ? [finding.message] : []));

/** Whether a rule found something. */
export const finds = (text: string, code: string): boolean => said(text, code).length > 0;

/** Lines that are added to the smallest plan that has what recoveries need, all of it in the domain of its own. */
export const sound = (more = ''): string => `lifeboat: 1
plan: sound
owner: platform@shop.example
review: { last: 2026-10-01, every: quarterly }
domains: { west: { racks: {} }, east: {}, safe: {} }
objectives: { rto: 2h, rpo: 1h }
keys: { main: { passphrase: { env: LB_PASS }, domain: safe } }
${more}`;
