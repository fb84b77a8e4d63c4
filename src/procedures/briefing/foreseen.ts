import type { StepDeclaration } from '../../plan/index.ts';
import type { DescribedStep } from './describe.ts';
import { isGroup } from '../groups/is-group.ts';
import type { RunnerTools } from '../run-types.ts';

/** What is known of a step before it runs: who decides, and what stays whatever a rollback does. */
export function foreseenOf(
  step: StepDeclaration,
  { stepKinds }: Pick<RunnerTools, 'stepKinds'>,
): Pick<DescribedStep, 'decides' | 'stays'> {
  const decides = decidesOf(step, stepKinds);
  const stays = staysOf(step, stepKinds);
  return { ...(decides === undefined ? {} : { decides }), ...(stays === undefined ? {} : { stays }) };
}

function decidesOf(step: StepDeclaration, kinds: RunnerTools['stepKinds']): readonly string[] | undefined {
  const kind = kinds.find((one) => one.kind === step.kind);
  if (kind?.people !== undefined) {
    const byFact = step.options !== undefined && step.options.every((option) => option.if !== undefined);
    return byFact ? undefined : kind.people(step.settings);
  }
  return step.destructive === true ? ['whoever starts it, by typing its name'] : undefined;
}

function staysOf(step: StepDeclaration, kinds: RunnerTools['stepKinds']): string | undefined {
  if (isGroup(step) || step.undoBy !== undefined) return undefined;
  if (step.undo !== undefined) return `people take it back: ${step.undo}`;
  const kind = kinds.find((one) => one.kind === step.kind);
  if (step.destructive === true && kind?.undo === undefined) return 'it is destructive, and has no undo';
  if (kind === undefined || (kind.undo !== undefined && kind.takesBack?.(step.settings) !== false)) return undefined;
  if (kind.kind === 'notify') return 'what was said stays said';
  if (kind.kind === 'manual') return 'people did it, and people take it back';
  return (step.destructive ?? kind.destructive) ? 'the plan does not say how it is taken back' : undefined;
}
