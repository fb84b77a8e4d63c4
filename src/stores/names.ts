import { LifeboatError } from '../core/index.ts';

const part = /^[a-z0-9_-][a-z0-9._-]*$/;
const nameCharactersMax = 200;

/** Throws `store.name` unless the name is what `store.ts` allows: a driver may then use it as a path or key as it stands. */
export function checkName(name: string): void {
  if (!isName(name)) throw new LifeboatError('store.name', `"${name}" is no name of an object`);
}

/** Throws `store.name` unless the prefix is '' or whole parts of a name, with or without a `/` at its end. */
export function checkPrefix(prefix: string): void {
  if (prefix !== '') checkName(prefix.replace(/\/$/, ''));
}

/**
 * Whether an object can have this name. What is found in a store under any other name (`lost+found`, `.snapshot`) was not
 * put there through a driver. `tmp/` is refused: drivers keep their unfinished work there.
 */
export function isName(name: string): boolean {
  if (name.length > nameCharactersMax || name === 'tmp' || name.startsWith('tmp/')) return false;
  return name.split('/').every((one) => part.test(one));
}
