import type { Plan, StepDeclaration } from '../../plan/index.ts';

/** Every step of every scenario, those inside others too. */
export const everyStep = (plan: Plan): StepDeclaration[] =>
  [...plan.scenarios.values()].flatMap(({ steps }) => steps.flatMap(withInner));

const withInner = (step: StepDeclaration): StepDeclaration[] => [
  step,
  ...[...step.steps, ...(step.options ?? []).flatMap(({ steps }) => steps)].flatMap(withInner),
];
