import type { Clock } from './clock.ts';
import type { LifeboatError } from './errors.ts';

export interface TimeBound {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly ms: number;
  /** What is thrown instead of an answer. */
  late(): LifeboatError;
}

/** What the work gives if it does within `ms`, else throws what `late` says. Nobody hears any more of work that came too late. */
export async function inTime<T>(work: Promise<T>, { clock, ms, late }: TimeBound): Promise<T> {
  const over = new AbortController();
  const tooLate = clock.sleep(ms, over.signal).then(() => {
    throw late();
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    over.abort();
    // Whichever lost the race may still fail: nobody waits for it.
    void Promise.allSettled([work, tooLate]);
  }
}

/** What the work gives, unless the signal fires before: then what `stopped` says is thrown at once. Nobody hears any more of work that was left behind. */
export async function unlessStopped<T>(
  work: Promise<T>,
  signal: AbortSignal,
  stopped: () => LifeboatError,
): Promise<T> {
  const left = Promise.withResolvers<never>();
  const leave = (): void => left.reject(stopped());
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work, left.promise]);
  } finally {
    signal.removeEventListener('abort', leave);
    work.catch(() => {}); // behind a stop nobody waits for it
  }
}

/** As `inTime`, of several of which one that hangs must not hold up the others: the time begins with the first answer, so that a slow one alone is waited for. */
export async function allInTime<T>(
  works: readonly Promise<T>[],
  bound: (index: number) => TimeBound,
): Promise<PromiseSettledResult<T>[]> {
  const first = Promise.any(works);
  first.catch(() => {}); // then each says itself how it failed
  return Promise.allSettled(
    works.map(async (work, index) => {
      await Promise.race([work, first]);
      return inTime(work, bound(index));
    }),
  );
}
