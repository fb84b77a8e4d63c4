import type { StepDeclaration } from '../../plan/index.ts';

/** Whether the runner walks steps inside of it, instead of calling a kind. */
export const isGroup = ({ kind }: Pick<StepDeclaration, 'kind'>): boolean =>
  kind === 'parallel' || kind === 'choose' || kind === 'call';
