import { LifeboatError, readSecret } from '../core/index.ts';
import type { Plan } from '../plan/index.ts';
import type { Recipients, Unlock } from '../repository/index.ts';

/** What this machine can open a repository with: every identity and passphrase that the plan's keys name and that answers. */
export async function unlockOf(plan: Plan): Promise<Unlock> {
  const ways: Unlock[] = [];
  let unset: unknown;
  for (const { identity, passphrase } of plan.keys.values()) {
    try {
      if (identity !== undefined) ways.push({ identity: await readSecret(identity) });
      if (passphrase !== undefined) ways.push({ passphrase: await readSecret(passphrase) });
    } catch (error) {
      // One way in is enough: a source that gives nothing matters only when no other key answers.
      unset ??= error;
    }
  }
  const [first, ...more] = ways;
  if (first !== undefined) return { ...first, more };
  throw (
    unset ??
    new LifeboatError('key.missing', 'the plan names no passphrase and no identity that could open a store', {
      hint: 'Give one with --key FILE, or add one under keys, e.g. main: { passphrase: { env: LIFEBOAT_PASSPHRASE } }.',
    })
  );
}

/** Who shall be able to open a new repository: every key of the plan. */
export async function recipientsOf(plan: Plan): Promise<Recipients> {
  const keys = [...plan.keys.values()];
  const sources = keys.flatMap((key) => (key.passphrase === undefined ? [] : [key.passphrase]));
  return {
    age: [...new Set(keys.flatMap((key) => key.recipients))],
    passphrases: await Promise.all(sources.map((source) => readSecret(source))),
  };
}
