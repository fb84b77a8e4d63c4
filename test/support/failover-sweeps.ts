import { deepEqual, ok } from 'node:assert/strict';
import type { Death, Keeper, Way } from './failover-keeper.ts';
import type { FailoverScene } from './failover-scene.ts';
import { KilledFailovers, wellDone, type Outcome } from './killed-failover.ts';

/** Each scene waits for its servers more than it works: LIFEBOAT_KILL_SCENES=1 for one after the other. */
const scenes = Number(process.env['LIFEBOAT_KILL_SCENES'] ?? '2');
/** LIFEBOAT_KILL_ROUNDS=10 for fewer random instants, and only each so many-th record. */
export const rounds = Number(process.env['LIFEBOAT_KILL_ROUNDS'] ?? '200');
const stride = Math.max(1, Math.round(200 / rounds / 4));

/** Failovers and ways back whose runners are killed, in several scenes beside each other; each has to end as if nobody had died. */
export class FailoverSweeps {
  readonly #all: KilledFailovers[] = [];
  readonly #killed = new Map<string, number>();
  #rounds = 0;
  #isBroken = false;

  static async make(keep?: (scene: FailoverScene) => Promise<Keeper>): Promise<FailoverSweeps> {
    const sweeps = new FailoverSweeps();
    // One after the other: a port that was free is taken before the next scene looks for its own.
    for (let scene = 0; scene < scenes; scene += 1) sweeps.#all.push(await KilledFailovers.make(keep));
    return sweeps;
  }

  /** Right before and right after each record that `of` writes, on both ways. */
  async atEveryRecord(of = 'the runner'): Promise<void> {
    let next = 1;
    let isOver = false;
    await this.#inEach(async (failovers) => {
      while (!isOver && !this.#isBroken) {
        const at = String(next);
        next += stride;
        // There, back, there, back.
        const ends: Outcome[] = [];
        for (const when of ['before', 'before', 'after', 'after'] as const)
          ends.push(await this.#through(failovers, { at, when, of }));
        if (ends.every(({ killed }) => !killed)) isOver = true;
      }
    });
    this.#tell('at records');
    ok(this.#deaths() > 0, `${of} died at none of its records: nothing was tried`);
  }

  /** At random instants of both ways, until so many were hit before they were through; `mortals` are the parts that may die. */
  async atInstants(chance: () => number, mortals: readonly string[] = ['the runner']): Promise<void> {
    await this.#inEach(async (failovers) => {
      // How long each way takes here and now is seen where nobody died before its end.
      const lastMs: Record<Way, number> = { failover: longMs, failback: longMs };
      while (this.#deaths() < rounds && !this.#isBroken) {
        // For the next way there and back at once: the same seed gives the same pairs, whichever scene takes them.
        const drawn = [0, 1].map(() => ({
          share: chance(),
          of: mortals[Math.floor(chance() * mortals.length)] as string,
        }));
        for (const { share, of } of drawn) {
          const { way } = failovers;
          const { killed, tookMs } = await this.#through(failovers, { afterMs: share * lastMs[way], of });
          if (!killed) lastMs[way] = tookMs;
        }
      }
    });
    this.#tell('at random instants');
  }

  async end(): Promise<void> {
    await Promise.all(this.#all.map((failovers) => failovers.end()));
  }

  async #through(failovers: KilledFailovers, death: Death & { readonly of: string }): Promise<Outcome> {
    const outcome = await failovers.kill(death);
    deepEqual(outcome, wellDone(outcome));
    this.#rounds += 1;
    if (outcome.killed) this.#killed.set(death.of, (this.#killed.get(death.of) ?? 0) + 1);
    if (this.#rounds % 20 === 0) this.#tell('so far');
    return outcome;
  }

  /** In every scene, until all of them have ended: what one finds ends the others behind their round. */
  async #inEach(work: (failovers: KilledFailovers) => Promise<void>): Promise<void> {
    [this.#rounds, this.#isBroken] = [0, false];
    this.#killed.clear();
    const ends = await Promise.allSettled(
      this.#all.map((failovers) =>
        work(failovers).catch((error: unknown) => {
          this.#isBroken = true;
          throw error;
        }),
      ),
    );
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  #deaths = (): number => [...this.#killed.values()].reduce((sum, count) => sum + count, 0);

  #tell(when: string): void {
    const killed = [...this.#killed].map(([of, count]) => `${of} ${count} times`).join(', ') || 'nobody';
    const asked = this.#all.flatMap((failovers) => failovers.asked).join(', ') || 'nothing';
    process.stdout.write(`${when}: ${this.#rounds} ways gone, killed ${killed}; people were asked about ${asked}\n`);
  }
}

/** Longer than any way takes. */
const longMs = 600_000;
