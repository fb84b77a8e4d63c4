import { limits } from '../../core/index.ts';
import { pathText, type PlanDocument } from '../document.ts';
import { tidyFindings } from '../findings.ts';
import type { Finding, Plan } from '../model.ts';
import { Facts } from './facts/facts.ts';
import type { Found, Rule } from './rule.ts';
import { rules } from './rules/index.ts';
import { applyWaivers } from './waivers.ts';

/**
 * Everything that would go wrong on the day, as far as the plan shows it. Pure: reads the plan and its document, no file, no
 * network; `nowMs` (milliseconds since 1970) is what reviews and waivers are held against. Findings come in the order of the
 * file, each once; waived ones are left out.
 */
export function lint(plan: Plan, document: PlanDocument, nowMs: number, chosen: readonly Rule[] = rules): Finding[] {
  const facts = new Facts(plan, document, nowMs);
  const findings = chosen.flatMap((rule) => findingsOf(rule, facts));
  return tidyFindings(applyWaivers(facts, findings));
}

function findingsOf(rule: Rule, facts: Facts): Finding[] {
  const findings: Finding[] = [];
  for (const found of rule.find(facts)) {
    // One rule that fires everywhere must not bury the others, nor take for ever to place.
    if (findings.length >= limits.findingsPerRuleMax) break;
    findings.push(placed(rule, found, facts));
  }
  return findings;
}

function placed(rule: Rule, found: Found, { written }: Facts): Finding {
  const place = written.document.place(found.path, found.at ?? 'key');
  return {
    code: rule.code,
    severity: found.severity ?? rule.severity,
    ...place,
    path: pathText(found.path),
    message: found.message,
    hint: found.hint,
    page: pageOf(rule.code),
  };
}

export const pageOf = (code: string): string => `docs/rules/${code}.md`;
