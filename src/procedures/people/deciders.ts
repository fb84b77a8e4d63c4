import type { Plan } from '../../plan/index.ts';

/** The contacts of a plan that may answer: those of the roles, those that are named themselves; all, where nobody is named. */
export function deciders({ contacts }: Pick<Plan, 'contacts'>, by: readonly string[], without?: string): string[] {
  return [...contacts]
    .filter(([name, { role }]) => by.length === 0 || by.includes(name) || (role !== undefined && by.includes(role)))
    .map(([name]) => name)
    .filter((name) => name !== without);
}

/** Whom the settings of a step name under `by`, or under `who` where it is done `by: people`, as they are written. */
export function peopleNamed(written: unknown): readonly string[] {
  if (typeof written !== 'object' || written === null || !('by' in written)) return [];
  const { by } = written;
  const named: unknown = by === 'people' && 'who' in written ? [written.who].flat() : by;
  return Array.isArray(named) ? named.map(String) : [];
}
