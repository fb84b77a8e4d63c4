import type { Workspace } from '../../../operations/index.ts';
import { leasesIn, type LeaseNote } from './lease-object.ts';
import { targetOf } from './target.ts';

/** The newest hold of a target that a store shows, lived or left behind; undefined: it shows none. Throws the errors of the store. */
export async function seenHold(
  { plan, place }: Pick<Workspace, 'plan' | 'place'>,
  request: { readonly environment: string; readonly store: string; readonly signal: AbortSignal },
): Promise<LeaseNote | undefined> {
  const { hash } = targetOf(plan, request.environment);
  return (await leasesIn(await place(request.store), hash, request.signal)).at(-1)?.note;
}
