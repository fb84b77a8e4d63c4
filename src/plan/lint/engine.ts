import { limits } from '../../core/index.ts';
import { pathText, type PlanDocument } from '../document.ts';
import { tidyFindings } from '../findings.ts';
import type { Finding, Plan } from '../model.ts';
import { Facts } from './facts/facts.ts';
import type { Found, Rule, Severity } from './rule.ts';
import { rules } from './rules/index.ts';
import { applyWaivers, judgeWaivers, waiverRules } from './waivers.ts';

/** Every rule with a page, those about waivers too. */
export const allRules: readonly Rule[] = [...rules, ...waiverRules];

/**
 * Everything that would go wrong on the day, as far as the plan shows it. Pure: reads the plan and its document, no file, no
 * network; `nowMs` (milliseconds since 1970) is what reviews and waivers are held against. Findings come in the order of the
 * file, each once; waived ones are left out.
 */
export function lint(plan: Plan, document: PlanDocument, nowMs: number): Finding[] {
  const facts = new Facts(plan, document, nowMs);
  const findings = rules.flatMap((rule) => findingsOf(rule, facts));
  const left = applyWaivers(facts, findings);
  const ofWaivers = judgeWaivers(facts, findings, rules, (rule) => !isLive(rule)).map((found) =>
    placed(found.code, 'warning', found, facts),
  );
  return tidyFindings([...left, ...ofWaivers]);
}

/**
 * For findings of rules that ask the world: leaves out what waivers accept, and says which waivers of those rules accept nothing
 * or have expired.
 */
export function waive(
  plan: Plan,
  document: PlanDocument,
  nowMs: number,
  findings: readonly Finding[],
  others: readonly { readonly code: string }[],
): Finding[] {
  const facts = new Facts(plan, document, nowMs);
  const ofWaivers = judgeWaivers(facts, findings, others, isLive);
  return [...applyWaivers(facts, findings), ...ofWaivers.map((found) => placed(found.code, 'warning', found, facts))];
}

/** Whether such a finding is there only the world can tell. */
const isLive = (rule: string): boolean => rule.startsWith('live.');

function findingsOf(rule: Rule, facts: Facts): Finding[] {
  const findings: Finding[] = [];
  for (const found of rule.find(facts)) {
    // One rule that fires everywhere must not bury the others, nor take for ever to place.
    if (findings.length >= limits.findingsPerRuleMax) break;
    const finding = placed(rule.code, rule.severity, found, facts);
    if (rule.onePerPlace === true && findings.some(({ path }) => path === finding.path)) continue;
    findings.push(finding);
  }
  return findings;
}

function placed(code: string, severity: Severity, found: Found, { written }: Facts): Finding {
  const place = written.document.place(found.path, found.at ?? 'key');
  return {
    code,
    severity: found.severity ?? severity,
    ...place,
    path: pathText(found.path),
    message: found.message,
    hint: found.hint,
    page: pageOf(code),
  };
}

export const pageOf = (code: string): string => `docs/rules/${code}.md`;
