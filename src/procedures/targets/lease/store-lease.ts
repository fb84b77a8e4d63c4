import { formatDuration, isoTime, LifeboatError, limits, type Clock } from '../../../core/index.ts';
import type { Store } from '../../../stores/index.ts';
import { leaseName, leasesIn, putLease, type LeaseNote, type SeenLease } from './lease-object.ts';

export interface Holder {
  readonly clock: Clock;
  readonly target: string;
  readonly lengthMs: number;
  /** Says while it waits for another holder to show that it lives, or not. */
  readonly waiting: (text: string) => void;
  readonly note: () => LeaseNote;
}

/**
 * The hold of one target in one store. A hold is a numbered object that is created if absent; the next number is put before it ends. Who
 * meets another's takes over only when that one did not move for its whole length by his own clock, so that no two clocks are ever
 * compared. The holder acts only until `actUntil`, which ends before anybody may take over: it counts from before it wrote.
 */
export class StoreLease {
  readonly store: Store;
  readonly #holder: Holder;
  #number = 0;
  #wroteAt: Moment;
  /** When the next one was tried first: it may stand since then, although its answer was lost. */
  #triedAt: Moment | undefined;

  private constructor(store: Store, holder: Holder, number: number, wroteAt: Moment) {
    this.store = store;
    this.#holder = holder;
    this.#number = number;
    this.#wroteAt = wroteAt;
  }

  /** Throws `run.held` when somebody holds it and lives, and the errors of the store. */
  static async take(store: Store, holder: Holder, signal: AbortSignal): Promise<StoreLease> {
    const others = await leasesIn(store, holder.target, bounded(holder, signal));
    const last = others.at(-1);
    if (last !== undefined && last.note.place !== holder.note().place) await outlive(store, holder, last, signal);
    const number = (last?.number ?? 0) + 1;
    const wroteAt = momentOf(holder.clock);
    const name = leaseName(holder.target, number);
    const note = holder.note();
    const won = await putLease(store, name, note, bounded(holder, signal));
    try {
      // Somebody else may have begun at the same moment with an older list: who sees another one's hold that was not outlived withdraws.
      const [rival] = (await leasesIn(store, holder.target, bounded(holder, signal))).filter(
        (one) => one.note.token !== note.token && !others.some(({ name: known }) => known === one.name),
      );
      if (!won || rival !== undefined) throw heldBy(store, rival);
      for (const old of others) await store.remove(old.name);
      return new StoreLease(store, holder, number, wroteAt);
    } catch (error) {
      // What cannot be removed now ends by itself.
      if (won) await store.remove(name).catch(() => {});
      throw error;
    }
  }

  /** Whether the holder may still act, by both clocks: the one that never jumps stands still while a machine sleeps. */
  mayAct(): boolean {
    const { clock, lengthMs } = this.#holder;
    const now = momentOf(clock);
    const passedMs = Math.max(now.elapsedMs - this.#wroteAt.elapsedMs, now.nowMs - this.#wroteAt.nowMs);
    return passedMs < lengthMs * actShare;
  }

  /** Throws `run.lease_lost` when it ended or somebody took over, and the errors of the store. */
  async renew(signal: AbortSignal): Promise<void> {
    if (!this.mayAct()) throw lost('it was not renewed in time');
    this.#triedAt ??= momentOf(this.#holder.clock);
    const [old, next] = [this.#number, this.#number + 1].map((one) => leaseName(this.#holder.target, one));
    const put = await putLease(this.store, next as string, this.#holder.note(), bounded(this.#holder, signal));
    if (!put || !this.mayAct()) throw lost(`another runner took over in ${this.store.location}`);
    this.#number += 1;
    this.#wroteAt = this.#triedAt;
    this.#triedAt = undefined;
    await this.store.remove(old as string);
  }

  async release(): Promise<void> {
    await this.store.remove(leaseName(this.#holder.target, this.#number));
  }
}

/** The holder stops after this share of a lease; what is left is for an effect that has just begun. */
const actShare = 0.8;

interface Moment {
  readonly elapsedMs: number;
  readonly nowMs: number;
}

const momentOf = (clock: Clock): Moment => ({ elapsedMs: clock.elapsed(), nowMs: clock.now() });

/** A store that says nothing must not keep a recovery waiting. */
const bounded = ({ lengthMs }: Holder, signal: AbortSignal): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(Math.min(limits.leaseAnswerMs, lengthMs))]);

/**
 * Waits until the hold that was seen did not move for its length. Throws `run.held` as soon as it does, and when the store is silent at the end: then
 * nobody knows that it did not.
 */
async function outlive(store: Store, holder: Holder, seen: SeenLease, signal: AbortSignal): Promise<void> {
  const { clock } = holder;
  const { host, run, lengthMs } = seen.note;
  holder.waiting(
    `${run} on ${host} may still act: waiting up to ${formatDuration(lengthMs)} for a sign of it in ${store.location}`,
  );
  const beganMs = clock.elapsed();
  for (let leftMs = lengthMs; leftMs > 0; leftMs = lengthMs - (clock.elapsed() - beganMs)) {
    await clock.sleep(Math.min(leftMs, lengthMs / 8), signal);
    const isEnd = clock.elapsed() - beganMs >= lengthMs;
    const last = await leasesIn(store, holder.target, bounded(holder, signal)).then(
      (leases) => leases.at(-1),
      (error: unknown) => {
        if (signal.aborted) throw error;
        if (isEnd) throw heldBy(store, seen);
        return seen; // a store that is away for a moment is asked again
      },
    );
    if (last === undefined) return;
    if (last.name !== seen.name) throw heldBy(store, last);
  }
}

function heldBy(store: Store, by: SeenLease | undefined): LifeboatError {
  const who =
    by === undefined
      ? 'another runner'
      : `run ${by.note.run} on ${by.note.host} (process ${by.note.pid}, ${isoTime(by.note.atMs)})`;
  return new LifeboatError('run.held', `${who} acts on ${by?.note.target ?? 'this target'}, says ${store.location}`, {
    hint: 'Let it end, or end it there: lifeboat run cancel RUN',
  });
}

export const lost = (why: string): LifeboatError =>
  new LifeboatError('run.lease_lost', `this runner no longer holds its target: ${why}`, {
    hint: 'See who acts: lifeboat runs, also on other machines. Then: lifeboat run resume RUN',
  });
