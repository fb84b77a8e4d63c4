import { isLifeboatError, LifeboatError, type ErrorCode } from '../core/index.ts';
import type { Damage } from './repository.ts';

const damageHint =
  'Run `lifeboat verify --all` to see which recovery points are whole, and restore one of them or use another store.';

/** An object that is not as it was written. */
export const damaged = (object: string, what: string, cause?: unknown): LifeboatError =>
  new LifeboatError('repository.damaged', `${object}: ${what}`, { where: object, hint: damageHint, cause });

/** An object that is needed and is not there. */
export const incomplete = (object: string, what = 'the object is not in the store', cause?: unknown): LifeboatError =>
  new LifeboatError('repository.incomplete', `${object}: ${what}`, { where: object, hint: damageHint, cause });

/** An object that is there and cannot be read: a bad sector of its disk. */
export const unreadable = (object: string, cause: LifeboatError): LifeboatError =>
  new LifeboatError('repository.unreadable', `${object}: ${unreadableWhat(cause)}`, {
    where: object,
    hint: damageHint,
    cause,
  });

const unreadableWhat = (cause: LifeboatError): string => `the store cannot read it (${cause.message})`;

/** Whether the error of a call for one object says that this object is bad, rather than that the store or a key cannot be used. */
export const isDamage = (error: unknown): error is LifeboatError => isLifeboatError(error) && codes.has(error.code);

const codes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'repository.damaged',
  'repository.incomplete',
  'repository.unreadable',
  'store.missing',
  'store.io',
]);

/** The error of a call for one object in the words of the repository; others pass. */
export function errorOfObject(error: unknown, object: string): unknown {
  if (isLifeboatError(error, 'store.missing')) return incomplete(object, undefined, error);
  return isLifeboatError(error, 'store.io') ? unreadable(object, error) : error;
}

export const errorOf = ({ object, code, what }: Damage): LifeboatError =>
  new LifeboatError(code, `${object}: ${what}`, { where: object, hint: damageHint });

/** The record of an error for which `isDamage` holds. */
export function damageFrom(error: LifeboatError, object: string, kind: Damage['kind'], points: string[] = []): Damage {
  const told = errorOfObject(error, object) as LifeboatError;
  const named = told.where ?? object;
  const what = told.message.startsWith(`${named}: `) ? told.message.slice(named.length + 2) : told.message;
  return { object, kind, code: told.code as Damage['code'], what, points };
}

/** Several objects are read at once, and which answer comes first is chance: what people see of damage is in this order. */
export const byObject = (a: Damage, b: Damage): number => (a.object < b.object ? -1 : a.object > b.object ? 1 : 0);

/** Damage met so far: each object and finding once. */
export class DamageLog {
  readonly #found = new Map<string, Damage>();

  note(damage: Damage): void {
    const key = `${damage.object}\n${damage.what}`;
    const before = this.#found.get(key);
    const points = [...new Set([...(before?.points ?? []), ...damage.points])].sort();
    this.#found.set(key, { ...damage, points });
  }

  list(): Damage[] {
    return [...this.#found.values()].sort(byObject);
  }
}
