import { isLifeboatError, LifeboatError, limits } from '../../core/index.ts';
import { leaseTarget, type Lease, type LeaseRequest, type Without } from '../../procedures/index.ts';

/** What is held, as a hold names it. */
export const scheduleName = 'the schedule';

export interface ScheduleHoldRequest extends Omit<LeaseRequest, 'environment' | 'domains' | 'alone' | 'stores'> {
  /** Another machine was seen to keep the schedule: while every store is silent it may be doing so still. */
  readonly sawAnother: boolean;
}

/**
 * Holds the schedule in every store that answers. Where none does, and nobody was seen to keep it, it is ours all the same: who begins while a store
 * is away must not need a person. Each store that was silent is asked again until it answers, and the hold is taken there too; if somebody else has it,
 * ours is lost, and one of both goes. Throws `run.held`, and `run.unsure` when another was seen and no store tells.
 */
export async function holdSchedule(request: ScheduleHoldRequest): Promise<Lease> {
  const first = await hold(request);
  const silent = first.without.filter(({ isSilent }) => isSilent);
  if (silent.length === 0) return first;
  if (first.stores.length === 0 && request.sawAnother) {
    await first.release();
    throw new LifeboatError(
      'run.unsure',
      `no store tells whether the other one still keeps ${scheduleName} (${silent.map(({ store }) => store).join(', ')})`,
      {
        hint: 'It goes on as soon as a store answers. If the other one is gone for good: stop this one and start it again.',
      },
    );
  }
  return new GrowingHold(request, first, silent);
}

const hold = (request: ScheduleHoldRequest, stores?: readonly string[]): Promise<Lease> =>
  leaseTarget({
    ...request,
    ...(stores === undefined ? {} : { stores }),
    environment: { name: scheduleName, protected: false },
    domains: [],
    alone: false,
  });

/** A hold that is taken in one more store whenever one answers that was silent. */
class GrowingHold implements Lease {
  readonly #request: ScheduleHoldRequest;
  readonly #leases: Lease[];
  readonly #over = new AbortController();
  readonly #lost = new AbortController();
  readonly #growing: Promise<void>;
  #without: readonly Without[];

  constructor(request: ScheduleHoldRequest, first: Lease, silent: readonly Without[]) {
    this.#request = request;
    this.#leases = [];
    this.#without = first.without;
    this.#add(first);
    this.#growing = this.#grow(silent.map(({ store }) => store));
  }

  get stores(): readonly string[] {
    return this.#leases.flatMap(({ stores }) => stores);
  }

  get holds(): Lease['holds'] {
    return this.#leases.flatMap(({ holds }) => holds);
  }

  get without(): readonly Without[] {
    return this.#without;
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  mustHold(): void {
    this.#lost.signal.throwIfAborted();
    for (const lease of this.#leases) lease.mustHold();
  }

  async release(): Promise<void> {
    this.#over.abort();
    await this.#growing;
    await Promise.all(this.#leases.map((lease) => lease.release()));
  }

  #add(lease: Lease): void {
    this.#leases.push(lease);
    const lose = (): void => this.#lost.abort(lease.signal.reason);
    if (lease.signal.aborted) lose();
    else lease.signal.addEventListener('abort', lose, { once: true });
  }

  async #grow(silent: readonly string[]): Promise<void> {
    const { workspace, signal } = this.#request;
    const over = AbortSignal.any([this.#over.signal, this.#lost.signal, signal]);
    let left = silent;
    while (left.length > 0 && !over.aborted) {
      await workspace.clock.sleep(limits.standbyLookMs, over).catch(() => {}); // over: the loop ends
      if (!over.aborted) left = await this.#ask(left, over);
    }
  }

  /** Returns those that are silent still. */
  async #ask(silent: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    try {
      const lease = await hold({ ...this.#request, signal }, silent);
      if (lease.stores.length > 0) this.#add(lease);
      this.#without = [...this.#without.filter(({ store }) => !silent.includes(store)), ...lease.without];
      return lease.without.filter(({ isSilent }) => isSilent).map(({ store }) => store);
    } catch (error) {
      if (signal.aborted) return [];
      if (!isLifeboatError(error, 'run.held')) return silent; // asked again in a moment
      this.#lost.abort(new LifeboatError('run.lease_lost', `${error.message}, and so we do not`, { cause: error }));
      return [];
    }
  }
}
