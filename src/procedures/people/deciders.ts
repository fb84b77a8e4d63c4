import type { Plan } from '../../plan/index.ts';

/** The contacts of a plan that may answer: those of the roles, those that are named themselves; all, where nobody is named. */
export function deciders({ contacts }: Pick<Plan, 'contacts'>, by: readonly string[], without?: string): string[] {
  return [...contacts]
    .filter(([name, { role }]) => by.length === 0 || by.includes(name) || (role !== undefined && by.includes(role)))
    .map(([name]) => name)
    .filter((name) => name !== without);
}

/** Whom the settings of a step name under `by`, as they are written. */
export function peopleNamed(written: unknown): readonly string[] {
  const by = typeof written === 'object' && written !== null && 'by' in written ? written.by : [];
  return Array.isArray(by) ? by.map(String) : [];
}
