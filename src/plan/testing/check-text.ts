import { parseText } from '../document.ts';
import { formatFinding } from '../findings.ts';
import { inspectPlan } from '../load.ts';
import type { Plan } from '../model.ts';
import { testKinds } from './kinds.ts';

/** The smallest plan, to which tests add what they are about. */
export const smallPlan = `lifeboat: 1
plan: small
keys: { main: { passphrase: { env: LB_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./stores/near, domain: safe } }
assets: { documents: { type: files, path: ./documents } }
`;

/** Errors of a plan as people see them: `plan.yaml:3:1 plan.unknown_key …`. */
export function errorsIn(text: string): string[] {
  const { findings } = inspectPlan(parseText('plan.yaml', text), testKinds);
  return findings.filter(({ severity }) => severity === 'error').map(formatFinding);
}

/** The plan of a text that must be right. */
export function planOf(text: string): Plan {
  const { plan, findings } = inspectPlan(parseText('plan.yaml', text), testKinds);
  if (plan === undefined) throw new Error(findings.map(formatFinding).join('\n'));
  return plan;
}
