import { LifeboatError } from '../core/index.ts';

/** Throws `store.name` unless the name is what `store.ts` allows: a driver may then use it as a path or key as it stands. */
export function checkName(name: string): void {
  const good = name.length <= 200 && /^[a-z0-9_-][a-z0-9._-]*(\/[a-z0-9_-][a-z0-9._-]*)*$/.test(name);
  if (!good) throw new LifeboatError('store.name', `"${name}" is no name of an object`);
}

/** Throws `store.name` unless the prefix is '' or whole parts of a name, with or without a `/` at its end. */
export function checkPrefix(prefix: string): void {
  if (prefix !== '') checkName(prefix.replace(/\/$/, ''));
}
