import { limits, toLifeboatError, type Clock } from '../../../core/index.ts';
import type { Workspace } from '../../../operations/index.ts';
import { leasesIn, type SeenLease } from './lease-object.ts';
import { lost } from './store-lease.ts';
import type { HeldIn } from './target.ts';

/**
 * Whether a run still holds its targets, as who acts for it at another site sees it: the newest hold in each store that answers is one of this run. A
 * store that is silent says nothing: whether the run may go on without it is known where it is led. Throws `run.lease_lost`.
 */
export async function mustBeHeldBy(run: string, holds: readonly HeldIn[], workspace: Workspace): Promise<void> {
  const asked = holds.flatMap(({ target, stores }) => stores.map((store) => ({ target, store })));
  await Promise.all(
    asked.map(async ({ target, store }) => {
      const newest = await newestIn(store, target, workspace).catch((error: unknown) => {
        workspace.progress.note(`${store} does not tell who acts: ${toLifeboatError(error).message}`);
        return 'silent' as const;
      });
      if (newest === 'silent') return;
      if (newest === undefined) throw lost(`run ${run} holds it no more in ${store}`);
      if (newest.note.run !== run) throw lost(`run ${newest.note.run} on ${newest.note.host} took over in ${store}`);
    }),
  );
}

/** One that is renewed while it is looked for may be missed: the old one went, and the new one was not there yet. */
async function newestIn(name: string, target: string, { place, clock }: Workspace): Promise<SeenLease | undefined> {
  const store = await withinTime(place(name), clock);
  for (let looks = 1; ; looks += 1) {
    const newest = (await leasesIn(store, target, AbortSignal.timeout(limits.leaseAnswerMs))).at(-1);
    if (newest !== undefined || looks >= limits.leaseLooksMax) return newest;
    await clock.sleep(limits.leaseLookMs);
  }
}

async function withinTime<T>(answer: Promise<T>, clock: Clock): Promise<T> {
  const over = new AbortController();
  const late = clock.sleep(limits.leaseAnswerMs, over.signal).then((): never => {
    throw new Error(`it did not answer within ${limits.leaseAnswerMs / 1000} s`);
  });
  return Promise.race([answer, late]).finally(() => over.abort());
}
