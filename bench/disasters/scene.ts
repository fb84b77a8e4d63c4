import { systemClock } from '../../src/core/index.ts';
import type { Ground, Keeping, Restored } from './ground.ts';
import { finding, lossOf, readBack, type Finding, type Loss } from './judge.ts';
import { clients, type Acknowledged } from './load.ts';
import { value } from './sql.ts';

/** One disaster: what it does to the ground, and how it is recovered from, by the command line only. */
export interface Scene {
  readonly name: string;
  /** For people, in the table. */
  readonly title: string;
  /** Of the loss that is measured, seconds; undefined: what is lost was lost by the disaster, and is only measured. */
  readonly rpoTargetSeconds: number | undefined;
  readonly rtoTargetSeconds: number;
  /** Why it cannot be played here. */
  cannot?(): Promise<string | undefined>;
  play(stage: Stage): Promise<Played>;
}

export interface Stage {
  readonly folder: string;
  readonly major: number;
  /** How long the load runs before the disaster. */
  readonly seconds: number;
  readonly signal: AbortSignal;
  /** It is taken down after the scene, however that ends. */
  prepare(keeping?: Keeping): Promise<Ground>;
}

/** From the impact to checks that stay green, as the plan's promise is worded. */
export interface Took {
  /** Until somebody knew. */
  readonly detect: number;
  /** Until it was known what is to be done: which moment, which point. */
  readonly decide: number;
  /** The restore with its own checks, to a server that runs. */
  readonly execute: number;
  /** Looked at from outside until it is stable. */
  readonly verify: number;
}

export interface Played extends Loss {
  readonly took: Took;
  readonly rtoSeconds: number;
  readonly findings: readonly Finding[];
}

/** A clock that is told when each part of a recovery is over. */
export class Stopwatch {
  readonly #impactMs: number;
  #lastMs: number;
  readonly #parts = { detect: 0, decide: 0, execute: 0, verify: 0 };

  constructor(impactMs: number) {
    this.#impactMs = impactMs;
    this.#lastMs = impactMs;
  }

  done(part: keyof Took): void {
    const nowMs = systemClock.now();
    this.#parts[part] += (nowMs - this.#lastMs) / 1000;
    this.#lastMs = nowMs;
  }

  get took(): Took {
    return { ...this.#parts };
  }

  get rtoSeconds(): number {
    return (this.#lastMs - this.#impactMs) / 1000;
  }
}

const looks = 3;
const betweenLooksMs = 200;

/** A server that answers once may be on its way down: it is asked a few times, and must write too. */
export async function untilStable(url: string, watch: Stopwatch): Promise<void> {
  for (let look = 0; look < looks; look += 1) {
    if (look > 0) await systemClock.sleep(betweenLooksMs);
    await value(url, `insert into ledger (run, client, n, delta) values (0, 0, ${look}, 0) returning n`);
  }
  watch.done('verify');
}

/** Waits until the server does not answer a client any more, as whoever watches it would. */
export async function untilNoticed(url: string, watch: Stopwatch): Promise<void> {
  for (;;) {
    try {
      await value(url, 'select 1');
    } catch {
      // That is what was waited for.
      return watch.done('detect');
    }
    await systemClock.sleep(betweenLooksMs);
  }
}

export interface Judged {
  /** Without `reached` it is a server that was never restored as a whole. */
  readonly restored: Pick<Restored, 'url'> & Partial<Restored>;
  readonly all: readonly Acknowledged[];
  /** What was acknowledged up to here must be there. */
  readonly toMs: number;
  /** What was acknowledged later must not be there. */
  readonly notAfterMs?: number;
  readonly watch: Stopwatch;
  readonly more?: readonly Finding[];
}

/** What came back, against all that was acknowledged. It is read before anything else is written there. */
export async function judge({ restored, all, toMs, notAfterMs = toMs, watch, more = [] }: Judged): Promise<Played> {
  const { ids, findings } = await readBack(restored.url);
  await untilStable(restored.url, watch);
  const loss = lossOf(all, ids, toMs);
  const beyond = all.filter(({ atMs, id }) => atMs > notAfterMs && ids.has(id)).length;
  const work = loss.acknowledged;
  return {
    ...loss,
    took: watch.took,
    rtoSeconds: watch.rtoSeconds,
    findings: [
      ...findings,
      { name: 'work was done before', ok: work >= 50, observed: String(work), expected: 'at least 50' },
      // A commit is in the log a little before its client hears of it.
      {
        name: 'nothing came back of after the moment that was asked for',
        ok: beyond <= clients,
        observed: `${beyond} commits`,
        expected: `at most ${clients}, which were on their way`,
      },
      ...(restored.reached === undefined ? [] : [ownTimeline(restored.reached, restored.log)]),
      ...more,
    ],
  };
}

const ownTimeline = (reached: Restored['reached'], log: Restored['log'] = {}): Finding =>
  finding('the copy is on a timeline of its own', Number(reached['timeline']) > Number(log['timeline']), true);
