import type { StepDeclaration } from '../../plan/index.ts';

/** Whether the runner walks steps inside of it, instead of calling a kind. */
export const isGroup = ({ kind, settings }: Pick<StepDeclaration, 'kind' | 'settings'>): boolean =>
  kind === 'parallel' || kind === 'choose' || (kind === 'call' && !callsDrill(settings));

/** A drill is one act of the step, whose steps are those of its own run. */
const callsDrill = (settings: unknown): boolean =>
  typeof settings === 'object' && settings !== null && 'drill' in settings && settings.drill !== undefined;
