import { LifeboatError } from '../../core/index.ts';
import type { StepDeclaration } from '../../plan/index.ts';

export const drillsAreNotCalled = ({ id, place }: StepDeclaration): LifeboatError =>
  new LifeboatError('plan.not_executable', `${id} calls a drill, and no step can yet`, {
    where: place.path,
    hint: 'Rehearse it by itself: lifeboat drill NAME.',
  });
