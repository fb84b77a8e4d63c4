import { LifeboatError } from '../../core/index.ts';
import type { Journal } from '../../journal/index.ts';
import { provesItself, type CanaryProof } from '../../repository/index.ts';
import { openStore, retriesWith } from '../open.ts';
import { unlockOf } from '../unlock.ts';
import type { RingRequest } from './rings.ts';

/** What a key was shown to open in one store. */
export type KeyTest =
  | { readonly store: string; readonly proof: CanaryProof }
  | { readonly store: string; readonly error: LifeboatError };

/**
 * Opens each store with nothing but the key: no catalog, journal or cache of this machine is looked at. The result is recorded as
 * `keys.tested`, red ones too.
 */
export async function testKeys(request: RingRequest, journal: Journal): Promise<KeyTest[]> {
  const { plan, clock, wrapStore = retriesWith(clock) } = request;
  const escrowed = request.unlock !== undefined;
  const unlock = await (request.unlock?.() ?? unlockOf(plan));
  const tests: KeyTest[] = [];
  for (const store of plan.stores.keys()) {
    try {
      const place = wrapStore(await openStore(plan, store, clock, false));
      try {
        tests.push({ store, proof: await provesItself(place, unlock, clock) });
      } finally {
        await place.close();
      }
    } catch (error) {
      if (!(error instanceof LifeboatError)) throw error;
      tests.push({ store, error });
    }
  }
  journal.append('keys.tested', { escrowed, stores: tests.map(recordOf) });
  return tests;
}

/** The form that the journal and `--json` show. */
export function recordOf(test: KeyTest): Record<string, unknown> {
  if ('error' in test) return { store: test.store, ok: false, error: test.error.toJSON() };
  const { repository, fingerprint, key, epoch, canaries, point, plainBytes } = test.proof;
  return {
    store: test.store,
    ok: true,
    repository,
    fingerprint,
    key: key === undefined ? null : { id: key.id, kind: key.kind, label: key.label ?? null },
    epoch,
    canaries,
    point: point?.id ?? null,
    plainBytes,
  };
}
