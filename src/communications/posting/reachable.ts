import { LifeboatError } from '../../core/index.ts';
import type { NotifierHands } from '../notifier.ts';

/** Where contacts are reached. Who has no such address is left out, for the others must hear of it; `check` says so. Throws when none has one. */
export function reachable(
  names: readonly string[],
  by: 'email' | 'phone',
  { contact }: NotifierHands,
): { readonly name: string; readonly at: string }[] {
  const found = names.flatMap((name) => {
    const at = contact(name)?.[by];
    return at === undefined ? [] : [{ name: contact(name)?.name ?? name, at }];
  });
  if (found.length > 0) return found;
  const words = `the contact${names.length === 1 ? '' : 's'} ${names.join(', ')} ${names.length === 1 ? 'has' : 'have'} no ${by}`;
  throw new LifeboatError('channel.refused', words, { hint: `contacts: { ${names[0]}: { ${by}: … } }` });
}
