import { LifeboatError, type Clock } from '../../core/index.ts';
import type { Plan } from '../../plan/index.ts';
import { openKeyring, type Keyring, type Unlock } from '../../repository/index.ts';
import type { Store } from '../../stores/index.ts';
import { openStore, retriesWith } from '../open.ts';
import { unlockOf } from '../unlock.ts';

export interface RingRequest {
  readonly plan: Plan;
  readonly clock: Clock;
  /** What opens them; default: what the plan names. */
  readonly unlock?: (() => Promise<Unlock>) | undefined;
  readonly wrapStore?: ((store: Store) => Store) | undefined;
}

export interface NamedRing {
  readonly store: string;
  readonly ring: Keyring;
}

/** The keys of every store of the plan that answers, those of one repository together, in the order of the plan. */
export interface OpenRings {
  readonly groups: readonly (readonly NamedRing[])[];
  readonly behind: readonly { readonly store: string; readonly error: LifeboatError }[];
  close(): Promise<void>;
}

/** Throws the error of the first store when none opens. */
export async function openRings(request: RingRequest): Promise<OpenRings> {
  const { plan, clock, wrapStore = retriesWith(clock) } = request;
  const unlock = await (request.unlock?.() ?? unlockOf(plan));
  const groups = new Map<string, NamedRing[]>();
  const behind: { store: string; error: LifeboatError }[] = [];
  const places: Store[] = [];
  const close = async (): Promise<void> => {
    for (const place of places) await place.close();
  };
  for (const store of plan.stores.keys()) {
    try {
      const place = wrapStore(await openStore(plan, store, clock, false));
      places.push(place);
      const ring = await openKeyring(place, unlock);
      groups.set(ring.repository, [...(groups.get(ring.repository) ?? []), { store, ring }]);
    } catch (error) {
      if (!(error instanceof LifeboatError)) throw (await close(), error);
      behind.push({ store, error });
    }
  }
  if (groups.size > 0) return { groups: [...groups.values()], behind, close };
  await close();
  throw behind[0]?.error ?? new LifeboatError('plan.unknown_name', 'the plan has no store');
}

/** Does the work with all that open, and closes them whatever happens. */
export async function withRings<T>(request: RingRequest, work: (rings: OpenRings) => Promise<T>): Promise<T> {
  const rings = await openRings(request);
  try {
    return await work(rings);
  } finally {
    await rings.close();
  }
}
