import { isMapping } from '../../inspection.ts';
import type { Plan, StepDeclaration } from '../../model.ts';
import type { Act } from './commands/act.ts';
import { actsOfArguments, actsOfText } from './commands/acts.ts';

/** What a step does: by its kind, and by the commands that it runs or was written down with. */
export function actsOfStep(
  step: StepDeclaration,
  written: Readonly<Record<string, unknown>>,
  plan: Plan,
): readonly Act[] {
  const typed = byKind[step.kind]?.(step, plan) ?? [];
  return [...typed, ...ofArguments(step), ...textsOf(written['command']).flatMap(actsOfText)];
}

type Reader = (step: StepDeclaration, plan: Plan) => Act[];

const byKind: Readonly<Record<string, Reader>> = {
  restore: (step) => {
    const asset = nameIn(step.settings, 'asset');
    return [
      { kind: 'restores', what: `asset:${asset ?? '*'}` },
      { kind: 'makes', what: `database:${asset ?? '*'}` },
    ];
  },
  fence: (step) => {
    const service = nameIn(step.settings, 'service');
    return [
      { kind: 'fences', what: `service:${service ?? '*'}` },
      { kind: 'stops', what: `workload:${service ?? '*'}` },
    ];
  },
  promote: (step) => [{ kind: 'promotes', what: `database:${nameIn(step.settings, 'asset') ?? '*'}` }],
  switch: (step) => [{ kind: 'switches', what: `service:${nameIn(step.settings, 'service') ?? '*'}` }],
  ramp: (step) => [{ kind: 'starts', what: `workload:${nameIn(step.settings, 'service') ?? '*'}` }],
  check: () => [{ kind: 'checks', what: 'check' }],
  wait: (step) =>
    isMapping(step.settings) && step.settings['until'] !== undefined ? [{ kind: 'checks', what: 'check' }] : [],
  provision: () => [{ kind: 'makes', what: 'cluster:*' }],
};

/** `restore: orders` and `restore: { asset: orders }` */
export function nameIn(settings: unknown, key: string): string | undefined {
  if (typeof settings === 'string') return settings;
  const value = isMapping(settings) ? settings[key] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function ofArguments({ kind, settings }: StepDeclaration): Act[] {
  if (kind !== 'exec') return [];
  const words = Array.isArray(settings) ? settings : isMapping(settings) ? settings['run'] : undefined;
  return Array.isArray(words) ? actsOfArguments(words.map(String)) : [];
}

const textsOf = (value: unknown): string[] =>
  typeof value === 'string' ? [value] : Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
