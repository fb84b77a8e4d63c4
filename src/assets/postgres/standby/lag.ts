export interface LagQuestion {
  /** Of log that the store has and the standby has not replayed. */
  readonly behindBytes: number;
  /** When the look into the store that tells that began. */
  readonly listedMs: number;
  /** The time of the last commit that it replayed, or a later note of the source's clock; 0: it knows none. */
  readonly knownMs: number;
  readonly nowMs: number;
}

/**
 * For how long, at most, the store has had what its standby has not replayed. The age of the last commit says that only while commits come all the
 * time: of a quiet source it grows without anything that could be replayed.
 */
export class Lag {
  #caughtUpMs = 0;
  #knownMs = 0;

  /** Undefined: it never had all, and no commit yet that bears a time. */
  secondsBehind({ behindBytes, listedMs, knownMs, nowMs }: LagQuestion): number | undefined {
    // A server that starts anew does not know the time of its last commit until the next.
    if (knownMs !== 0) this.#knownMs = knownMs;
    if (behindBytes === 0) {
      this.#caughtUpMs = listedMs;
      return 0;
    }
    const sinceMs = Math.max(this.#caughtUpMs, this.#knownMs);
    return sinceMs === 0 ? undefined : Math.max(0, nowMs - sinceMs) / 1000;
  }
}
