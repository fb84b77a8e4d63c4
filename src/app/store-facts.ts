import { LifeboatError, type Clock } from '../core/index.ts';
import type { Plan } from '../plan/index.ts';
import { retrying, type Store, type StoreFact } from '../stores/index.ts';
import { openStore } from './stores.ts';

/** What a store of the plan really does, each fact as soon as it is known. A kind without a probe tells the room that it has. */
export async function* probeStore(
  plan: Plan,
  name: string,
  clock: Clock,
  signal: AbortSignal,
): AsyncIterable<StoreFact> {
  const store = await openStore(plan, name, clock, false);
  try {
    if (store.probe === undefined) yield* await plainFacts(store);
    else yield* store.probe({ signal });
  } finally {
    await store.close();
  }
}

async function plainFacts(store: Store): Promise<StoreFact[]> {
  const create: StoreFact = store.atomicCreate
    ? { code: 'atomic_create', verdict: 'yes', message: 'creation is atomic by its kind', harmful: false }
    : { code: 'atomic_create', verdict: 'no', message: 'one writer at a time is allowed', harmful: false };
  if (store.room === undefined) return [create];
  const { freeBytes } = await store.room();
  const message = `it may be written, and has ${freeBytes} bytes of room`;
  return [create, { code: 'room', verdict: 'figure', message, value: freeBytes, harmful: false }];
}

export interface Thaw {
  readonly readable: number;
  readonly thawed: number;
  readonly thawing: number;
  readonly frozen: number;
  /** The longest thaw that is to be waited for. */
  readonly hours: number;
  /** When the first of the thawed objects freezes again. */
  readonly untilMs?: number;
}

export interface ThawRequest {
  /** Names of objects, or of what is above them; none: everything. */
  readonly prefixes: readonly string[];
  readonly days: number;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** Asks for readable copies of what is frozen in a store, and says how far it is. */
export async function thawStore(plan: Plan, name: string, clock: Clock, request: ThawRequest): Promise<Thaw> {
  const store = retrying(await openStore(plan, name, clock, false), { clock });
  try {
    const { thaw, thawState } = store;
    if (thaw === undefined || thawState === undefined) {
      throw new LifeboatError('store.unfit', `the store ${name} has no storage classes that freeze`, { where: name });
    }
    const counts = { readable: 0, thawed: 0, thawing: 0, frozen: 0 };
    const times: { hours: number; untilMs?: number } = { hours: 0 };
    for (const prefix of request.prefixes.length === 0 ? [''] : request.prefixes) {
      for await (const object of store.list(prefix)) {
        request.signal.throwIfAborted();
        const state =
          object.storageClass === undefined
            ? ({ state: 'readable' } as const)
            : await (request.dryRun ? thawState(object.name) : thaw(object.name, request.days));
        counts[state.state] += 1;
        if ('hours' in state) times.hours = Math.max(times.hours, state.hours);
        if ('untilMs' in state) times.untilMs = Math.min(times.untilMs ?? Infinity, state.untilMs);
      }
    }
    return { ...counts, ...times };
  } finally {
    await store.close();
  }
}
