import { LifeboatError, readSecret } from '../core/index.ts';
import type { Plan } from '../plan/index.ts';
import type { Recipients, Unlock } from '../repository/index.ts';

/** What this machine can open a repository with: the identity and the passphrase that the plan's keys name. */
export async function unlockOf(plan: Plan): Promise<Unlock> {
  const unlock: { passphrase?: Unlock['passphrase']; identity?: Unlock['identity'] } = {};
  let unset: unknown;
  for (const key of plan.keys.values()) {
    try {
      if (key.identity !== undefined) unlock.identity ??= await readSecret(key.identity);
      if (key.passphrase !== undefined) unlock.passphrase ??= await readSecret(key.passphrase);
    } catch (error) {
      // One way in is enough: a source that gives nothing matters only when no other key answers.
      unset ??= error;
    }
  }
  if (unlock.identity !== undefined || unlock.passphrase !== undefined) return unlock;
  throw (
    unset ??
    new LifeboatError('key.missing', 'the plan names no passphrase and no identity that could open a store', {
      hint: 'Add one under keys, e.g. main: { passphrase: { env: LIFEBOAT_PASSPHRASE } }.',
    })
  );
}

/** Who shall be able to open a new repository: every key of the plan. */
export async function recipientsOf(plan: Plan): Promise<Recipients> {
  const keys = [...plan.keys.values()];
  const sources = keys.flatMap((key) => (key.passphrase === undefined ? [] : [key.passphrase]));
  const source = sources[0];
  if (sources.length > 1) {
    throw new LifeboatError(
      'plan.invalid',
      `the plan has ${sources.length} keys with a passphrase; a store is made with one`,
      {
        hint: 'Keep one passphrase and name age recipients for the others.',
      },
    );
  }
  return {
    age: keys.flatMap((key) => key.recipients),
    ...(source === undefined ? {} : { passphrase: await readSecret(source) }),
  };
}
