import { LifeboatError } from '../core/index.ts';
import type { DrillDeclaration, Plan, Scenario, StepDeclaration } from '../plan/index.ts';
import { expandCalls, flatSteps } from '../procedures/index.ts';
import type { Choices } from './choices.ts';

/** What a drill rehearses: a scenario of the plan, or the restore of one asset written as a procedure. Throws `plan.unknown_name`. */
export function rehearsalOf(plan: Plan, drill: DrillDeclaration, { pick }: Choices): Scenario {
  if (drill.scenario !== undefined) {
    const scenario = plan.scenarios.get(drill.scenario);
    if (scenario !== undefined) return expandCalls(scenario, plan);
    throw unknown(`scenario ${drill.scenario}`, [...plan.scenarios.keys()]);
  }
  const asset = drill.restore === 'random' ? pick('asset', [...plan.assets.keys()]) : drill.restore;
  if (asset === undefined || !plan.assets.has(asset)) throw unknown(`asset ${asset ?? ''}`, [...plan.assets.keys()]);
  return restoreOf(plan, asset, drill.name);
}

/** The assets that a procedure restores, as far as its text says. */
export function assetsRestored(scenario: Scenario): string[] {
  const names = flatSteps(scenario).flatMap(({ kind, settings }) => {
    if (kind !== 'restore') return [];
    if (typeof settings === 'string') return [settings];
    return typeof settings === 'object' && settings !== null && 'asset' in settings ? [String(settings.asset)] : [];
  });
  return [...new Set([...names, ...scenario.loses.assets])];
}

/** Restores the newest point and asks all its checks: two steps, by the same runner as everything else. */
function restoreOf(plan: Plan, asset: string, drill: string): Scenario {
  const step = (id: string, kind: string, settings: unknown): StepDeclaration => ({
    id,
    kind,
    settings,
    siblings: {},
    needs: undefined,
    if: undefined,
    budgetMs: undefined,
    timeoutMs: undefined,
    retry: { times: 0, pauseMs: 0 },
    steps: [],
    place: { file: plan.file, line: 1, column: 1, path: `drills.${drill}.restore` },
  });
  return {
    name: `restore of ${asset}`,
    trigger: undefined,
    loses: { assets: [asset], domains: [] },
    severity: undefined,
    objectives: plan.objectives,
    steps: [
      step('bring_back', 'restore', asset),
      step('looks_right', 'check', { asset, of: '${steps.bring_back.url}' }),
    ],
    hash: plan.hash,
  };
}

const unknown = (what: string, names: readonly string[]): LifeboatError =>
  new LifeboatError('plan.unknown_name', `the plan has no ${what}`, { hint: `It has: ${names.join(', ') || 'none'}.` });
