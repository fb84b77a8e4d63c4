import type { Store } from '../store.ts';

/** What a store may have beside what every store has. */
export type Abilities = Pick<
  Store,
  'room' | 'extend' | 'lockedUntil' | 'review' | 'thawState' | 'thaw' | 'reclass' | 'probe'
>;

/** The abilities of the store beneath, each call through `around`; what it has not, the wrapper has not either. */
export function abilitiesOf(store: Store, around: <T>(work: () => Promise<T>) => Promise<T>): Abilities {
  const { room, extend, lockedUntil, review, thawState, thaw, reclass, probe } = store;
  return {
    ...(room && { room: () => around(() => room.call(store)) }),
    ...(extend && { extend: (name, untilMs) => around(() => extend.call(store, name, untilMs)) }),
    ...(lockedUntil && { lockedUntil: (name) => around(() => lockedUntil.call(store, name)) }),
    ...(review && { review: () => around(() => review.call(store)) }),
    ...(thawState && { thawState: (name) => around(() => thawState.call(store, name)) }),
    ...(thaw && { thaw: (name, days) => around(() => thaw.call(store, name, days)) }),
    ...(reclass && { reclass: (name, storageClass) => around(() => reclass.call(store, name, storageClass)) }),
    // A probe tells how the place itself behaves: it is neither repeated nor bounded as one operation.
    ...(probe && { probe: (options) => probe.call(store, options) }),
  };
}
