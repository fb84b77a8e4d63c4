import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  chance,
  isLifeboatError,
  LifeboatError,
  limits,
  messageOf,
  systemCodeOf,
  toLifeboatError,
  type Clock,
} from '../../../core/index.ts';
import type { Plan } from '../../../plan/index.ts';
import { storesInside, type Workspace } from '../../../operations/index.ts';
import { lost, StoreLease, type Holder } from './store-lease.ts';

export interface LeaseRequest {
  readonly workspace: Workspace;
  readonly run: string;
  readonly environment: { readonly name: string; readonly protected: boolean };
  /** Stores to ask; default: all of the plan. */
  readonly stores?: readonly string[];
  /** Stores inside of these are not asked: they are lost. */
  readonly domains: readonly string[];
  /** A person has made sure that nobody else acts, where a store cannot tell. */
  readonly alone: boolean;
  readonly lengthMs?: number;
  readonly signal: AbortSignal;
}

/** A store that does not keep a hold. `isSilent`: it did not answer, so that somebody else may have a hold there. */
export interface Without {
  readonly store: string;
  readonly why: string;
  readonly isSilent: boolean;
}

export interface HeldIn {
  readonly target: string;
  readonly stores: readonly string[];
}

/** A target that this runner holds, as long as its stores say so. */
export interface Lease {
  /** Stores that keep it, and those that cannot, with the reason: for the record. */
  readonly stores: readonly string[];
  readonly without: readonly Without[];
  /** What is held, as the objects name it, and in which stores: for those who act for this run at other sites. */
  readonly holds: readonly HeldIn[];
  /** Throws `run.lease_lost`. */
  mustHold(): void;
  /** Fires with `run.lease_lost` when another runner may act. */
  readonly signal: AbortSignal;
  release(): Promise<void>;
}

/**
 * Makes sure that nobody else acts on an environment: in every store of the plan that creates names atomically, and that is not lost itself. One that
 * does not answer cannot tell whether somebody acts: a protected environment then asks for a person's word. Throws `run.held` naming
 * the holder, `run.unsure`.
 */
export async function leaseTarget(request: LeaseRequest): Promise<Lease> {
  const { workspace, environment, domains, alone, signal } = request;
  const { plan, progress } = workspace;
  const holder = holderOf(request);
  const lostStores = storesInside(plan, domains);
  const names = (request.stores ?? [...plan.stores.keys()]).filter((store) => !lostStores.includes(store));
  const keeper = new Keeper(holder.clock, holder.lengthMs);
  const without: Without[] = [];
  const refused = new AbortController();
  const asked = { ...request, signal: AbortSignal.any([signal, refused.signal]) };
  // All at once: a machine that died left its hold in each of them, and each has to be outlived.
  const settled = await Promise.allSettled(
    names.map(async (name) => {
      try {
        const lease = await takeIn(asked, name, holder);
        if (lease === undefined)
          without.push({ store: name, why: 'it cannot create names atomically', isSilent: false });
        else keeper.keep(name, lease);
      } catch (error) {
        if (isLifeboatError(error, 'run.held') || asked.signal.aborted) {
          refused.abort(error);
          throw error;
        }
        without.push({ store: name, why: toLifeboatError(error).message, isSilent: true });
      }
    }),
  );
  const kept = inOrderOf(names, without);
  const refusal = settled.find((one) => one.status === 'rejected');
  if (refusal !== undefined || (kept.length > 0 && environment.protected && !alone)) {
    await keeper.release();
    throw refusal === undefined ? unsure(environment.name, kept) : refused.signal.reason;
  }
  for (const { store, why } of kept)
    progress.note(`${store} does not tell whether somebody else acts on ${environment.name}: ${why}`);
  return keeper.lease(holder.target, names, kept);
}

const inOrderOf = (names: readonly string[], without: Lease['without']): Lease['without'] =>
  names.flatMap((name) => without.filter(({ store }) => store === name));

async function takeIn(request: LeaseRequest, name: string, holder: Holder): Promise<StoreLease | undefined> {
  const { workspace, signal } = request;
  const over = new AbortController();
  try {
    const store = await Promise.race([
      workspace.place(name),
      workspace.clock.sleep(limits.leaseAnswerMs, AbortSignal.any([signal, over.signal])).then(() => {
        throw new LifeboatError('store.unreachable', `${name} did not answer within ${limits.leaseAnswerMs / 1000} s`);
      }),
    ]);
    return store.atomicCreate ? await StoreLease.take(store, holder, signal) : undefined;
  } finally {
    over.abort();
  }
}

/** Renews each hold from the moment on that it was taken: another store may take as long as a hold lasts. */
class Keeper {
  readonly #clock: Clock;
  readonly #lengthMs: number;
  readonly #taken = new Map<string, StoreLease>();
  readonly #renewing: Promise<void>[] = [];
  readonly #over = new AbortController();
  readonly #ended = new AbortController();

  constructor(clock: Clock, lengthMs: number) {
    this.#clock = clock;
    this.#lengthMs = lengthMs;
  }

  keep(store: string, lease: StoreLease): void {
    this.#taken.set(store, lease);
    const renewing = this.#renew(lease).catch((error: unknown) => {
      if (this.#over.signal.aborted) return;
      this.#ended.abort(isLifeboatError(error, 'run.lease_lost') ? error : lost(messageOf(error)));
    });
    this.#renewing.push(renewing);
  }

  lease(target: string, names: readonly string[], without: Lease['without']): Lease {
    const stores = names.filter((name) => this.#taken.has(name));
    return {
      stores,
      without,
      holds: [{ target, stores }],
      mustHold: () => {
        this.#ended.signal.throwIfAborted();
        if (![...this.#taken.values()].every((lease) => lease.mayAct())) throw lost('it was not renewed in time');
      },
      signal: this.#ended.signal,
      release: () => this.release(),
    };
  }

  async release(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#renewing);
    if (!this.#ended.signal.aborted) await releaseAll([...this.#taken.values()]);
  }

  async #renew(lease: StoreLease): Promise<void> {
    const over = this.#over.signal;
    for (;;) {
      await this.#clock.sleep(this.#lengthMs / 6, AbortSignal.any([over, this.#ended.signal]));
      await lease.renew(over).catch((error: unknown) => {
        // A store that was away for a moment is asked again, as long as there is time.
        if (over.aborted || isLifeboatError(error, 'run.lease_lost') || !lease.mayAct()) throw error;
      });
    }
  }
}

/** What cannot be removed ends by itself. */
async function releaseAll(leases: readonly StoreLease[]): Promise<void> {
  await Promise.allSettled(leases.map((lease) => lease.release()));
}

function holderOf({ workspace, run, environment, lengthMs = limits.leaseMs }: LeaseRequest): Holder {
  const { plan, clock, host, progress } = workspace;
  const { target, hash } = targetOf(plan, environment.name);
  const [place, token] = [placeOf(workspace), chance(16)];
  return {
    clock,
    target: hash,
    lengthMs,
    waiting: (text) => progress.note(text),
    note: () => ({ target, run, host, pid: process.pid, place, token, atMs: clock.now(), lengthMs }),
  };
}

/** What is acted on, for people and as objects name it. */
export function targetOf(plan: Plan, environment: string): { target: string; hash: string } {
  const target = `${environment} of ${plan.name}`;
  return { target, hash: createHash('sha256').update(target).digest('hex').slice(0, 32) };
}

/**
 * This state folder in this start of this machine. Who holds its local lock knows that no other process of it acts; of another machine, or of
 * this one before it was started anew, nobody knows that.
 */
function placeOf({ stateFolder, host }: Workspace): string {
  const file = join(stateFolder, 'locks', 'place');
  let own = readOr(file);
  if (own === undefined) {
    own = chance(26);
    writeFileSync(file, own, { mode: 0o600 });
  }
  const start = readOr('/proc/sys/kernel/random/boot_id') ?? chance(26);
  return createHash('sha256').update([host, own, start].join('\n')).digest('hex').slice(0, 32);
}

function readOr(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function unsure(environment: string, without: Lease['without']): LifeboatError {
  const why = without.map(({ store, why: reason }) => `${store}: ${reason}`).join('; ');
  return new LifeboatError('run.unsure', `nobody can tell whether somebody else acts on ${environment} (${why})`, {
    hint: 'Make sure of it, ask those who could, then say --alone.',
  });
}
