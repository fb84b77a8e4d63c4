import { isLifeboatError, LifeboatError } from '../core/index.ts';
import type { Damage } from './repository.ts';

const damageHint =
  'Run `lifeboat verify --all` to see which recovery points are whole, and restore one of them or use another store.';

/** An object that is not as it was written. */
export const damaged = (object: string, what: string, cause?: unknown): LifeboatError =>
  new LifeboatError('repository.damaged', `${object}: ${what}`, { where: object, hint: damageHint, cause });

/** An object that is needed and is not there. */
export const incomplete = (object: string, what = 'the object is not in the store', cause?: unknown): LifeboatError =>
  new LifeboatError('repository.incomplete', `${object}: ${what}`, { where: object, hint: damageHint, cause });

/** Whether an error says that an object is bad or gone, rather than that the store or a key cannot be used. */
export const isDamage = (error: unknown): error is LifeboatError =>
  isLifeboatError(error, 'repository.damaged') ||
  isLifeboatError(error, 'repository.incomplete') ||
  isLifeboatError(error, 'store.missing');

/** The record of an error for which `isDamage` holds. */
export function damageFrom(error: LifeboatError, object: string, kind: Damage['kind'], points: string[] = []): Damage {
  const code = error.code === 'repository.damaged' ? 'repository.damaged' : 'repository.incomplete';
  const named = error.where ?? object;
  const said = error.message.startsWith(`${named}: `) ? error.message.slice(named.length + 2) : error.message;
  return { object, kind, code, what: error.code === 'store.missing' ? 'the object is not in the store' : said, points };
}

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
    return [...this.#found.values()];
  }
}
