import type { Clock } from '../core/index.ts';
import { checkPlan, isAssembled, lint, tidyFindings, type Finding } from '../plan/index.ts';
import { registry } from './registry.ts';

/** All that `check` says of the files as they are now, and which they are. Throws `plan.missing`, `input.file`. */
export async function judgePlan(planFile: string, clock: Clock): Promise<{ findings: Finding[]; files: string[] }> {
  const { plan, findings, document } = await checkPlan(planFile, registry);
  const all = tidyFindings([...findings, ...(plan === undefined ? [] : lint(plan, document, clock.now()))]);
  return { findings: all, files: isAssembled(document) ? [...document.files] : [planFile] };
}
