import { isAbsolute, join, relative, resolve } from 'node:path';
import { chance, isoTime, LifeboatError, limits, type Clock } from '../../core/index.ts';
import type { RestorePlan, RestoreReport, RestoreRequest } from '../../operations/index.ts';
import { isTargetInside } from './target.ts';
import type { Operation, Restore } from '../contract/index.ts';

interface Preview {
  readonly plan: RestorePlan;
  readonly by: string;
  readonly expiresMs: number;
}

interface Known {
  readonly plan: RestorePlan;
  report: RestoreReport | undefined;
}

/** Dry runs that may be executed once, and what became of those that were. */
export class Restores {
  readonly #clock: Clock;
  /** Targets lie below it. */
  readonly folder: string;
  readonly #previews = new Map<string, Preview>();
  readonly #known = new Map<string, Known>();

  constructor(clock: Clock, folder: string) {
    this.#clock = clock;
    this.folder = folder;
  }

  /** A name below the folder, or a path inside it: nothing that is asked over a network writes elsewhere. Throws `api.forbidden`. */
  async targetOf(named: string): Promise<string> {
    const target = isAbsolute(named) ? resolve(named) : resolve(join(this.folder, named));
    const way = relative(this.folder, target);
    const isInside = way !== '' && !way.startsWith('..') && !isAbsolute(way) && !named.includes('\0');
    if (isInside && (await isTargetInside(this.folder, target))) return target;
    throw new LifeboatError('api.forbidden', 'what is restored from here lies below the folder of this server', {
      where: this.folder,
      hint: 'Name a folder or file below it; for another place: lifeboat restore ASSET --to TARGET on that machine, or serve --restore-to.',
    });
  }

  keep(plan: RestorePlan, by: string): { id: string; expiresMs: number } {
    const nowMs = this.#clock.now();
    for (const [id, { expiresMs }] of this.#previews)
      if (expiresMs <= nowMs || this.#previews.size >= limits.previewsMax) this.#previews.delete(id);
    const [id, expiresMs] = [chance(20), nowMs + limits.previewMs];
    this.#previews.set(id, { plan, by, expiresMs });
    return { id, expiresMs };
  }

  /** Once, by who asked for it. Throws `preview.expired`. */
  take(id: string, by: string): RestorePlan {
    const preview = this.#previews.get(id);
    if (preview === undefined || preview.by !== by || preview.expiresMs <= this.#clock.now()) {
      throw new LifeboatError(
        'preview.expired',
        'this dry run is too old, was executed already, or is of somebody else',
        {
          hint: 'Make another one: things may have changed since.',
        },
      );
    }
    this.#previews.delete(id);
    return preview.plan;
  }

  began(id: string, plan: RestorePlan): void {
    this.#known.set(id, { plan, report: undefined });
    if (this.#known.size > limits.operationsKept) this.#known.delete(this.#known.keys().next().value as string);
  }

  ended(id: string, report: RestoreReport): void {
    const known = this.#known.get(id);
    if (known !== undefined) known.report = report;
  }

  has(id: string): boolean {
    return this.#known.has(id);
  }

  /** The operation as the restore that it is. */
  show(operation: Operation): Restore {
    const known = this.#known.get(operation.id);
    if (known === undefined) throw new LifeboatError('api.unknown', 'no such restore was asked for here lately');
    const { plan, report } = known;
    const { id, state, by, startedAt, finishedAt, seconds, phase, unit, done, error } = operation;
    const reached = report?.reached?.time;
    return {
      id,
      asset: plan.request.asset,
      target: plan.target,
      point: plan.point.id,
      state,
      by,
      startedAt,
      finishedAt,
      seconds,
      secondsExpected: plan.secondsExpected ?? null,
      phase,
      bytes: plan.bytes,
      bytesDone: state === 'done' ? plan.bytes : unit === 'bytes' ? Math.min(done ?? 0, plan.bytes) : 0,
      checks: (report?.checks ?? []).map(({ name, ok, observed, expected }) => ({ name, ok, observed, expected })),
      reachedAt: reached === undefined || Number.isNaN(Date.parse(reached)) ? null : isoTime(Date.parse(reached)),
      url: report?.copy?.shownUrl ?? null,
      warnings: [...(report?.warnings ?? [])],
      error,
    };
  }
}

/** What is executed is what was shown: this point, from this store; where a log leads on from it, up to what was asked for. */
export const requestOf = ({ request, point, store, replay }: RestorePlan, signal: AbortSignal): RestoreRequest => ({
  ...request,
  ...(replay === undefined ? { point: point.id } : {}),
  store: request.store ?? store,
  signal,
});
