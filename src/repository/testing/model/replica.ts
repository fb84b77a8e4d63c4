import { assert, isLifeboatError, systemClock } from '../../../core/index.ts';
import type { Store } from '../../../stores/index.ts';
import { replicate } from '../../replicate/replicate.ts';
import { holdsRepository } from '../../replicate/seed.ts';
import { readAll, reopen } from '../fixtures.ts';
import { MemoryStore } from '../memory-store.ts';
import { Handle } from './handle.ts';
import type { World } from './world.ts';

/** The copy of the world's store. Nobody harms it; it may be pruned, and its replicators may die. */
export class Replica {
  readonly #place: Store = new MemoryStore();
  /** Replicators that died: what they had begun waits until somebody gives it up. */
  deaths = 0;

  handle(turn: () => Promise<void> = async () => {}): Handle {
    return new Handle(this.#place, { turn, wasPut: () => {} });
  }

  /** Every point that it shows gives back what was backed up, whatever moves elsewhere; returns how many. */
  async expectWhole(world: World): Promise<number> {
    if (!(await holdsRepository(this.#place))) return 0;
    const repository = await reopen(this.handle()).catch((error: unknown) => {
      // The first copy of the header came, and its maker died before that of a key: nothing is shown yet.
      if (isLifeboatError(error, 'key.missing') || isLifeboatError(error, 'repository.missing')) return undefined;
      throw error;
    });
    if (repository === undefined) return 0;
    const { points, damage } = await repository.points();
    assert(damage.length === 0 || world.harms > 0, `what the copy shows can be read: ${JSON.stringify(damage)}`);
    let whole = 0;
    for (const point of points) {
      const known = world.points.get(point.id);
      // One that was made this moment: its maker has not told yet.
      if (known === undefined) continue;
      try {
        const read = await readAll(repository, point);
        assert([...read.keys()].join() === [...known.tree.keys()].join(), `the copy of ${point.id} has its files`);
        for (const [path, bytes] of known.tree)
          assert(read.get(path)?.equals(bytes), `${path} of ${point.id} is in the copy as it was`);
        whole += 1;
      } catch (error) {
        // Without a key nobody can tell what was made to fit its hash, or stood in the place of another, before it was copied.
        const isHonest = isLifeboatError(error) && error.code.startsWith('repository.');
        assert(isHonest && world.harms > 0, `${point.id} comes back from the copy: ${String(error)}`);
      }
    }
    return whole;
  }

  /** A point goes here alone, by this store's own retention, and the space that it took; nobody is given up. */
  async prune(which: number, turn: () => Promise<void>): Promise<void> {
    if (!(await holdsRepository(this.#place))) return;
    try {
      const repository = await reopen(this.handle(turn));
      const { points } = await repository.points();
      const one = points[which % Math.max(1, points.length)];
      if (one !== undefined) await repository.forget(one.id);
      await repository.prune({ clock: systemClock, host: 'host-of-the-copy', dryRun: false });
    } catch (error) {
      const codes = ['point.missing', 'store.busy', 'key.missing', 'prune.blind', 'repository.missing'];
      const isKnown = isLifeboatError(error) && (codes.includes(error.code) || error.code.startsWith('repository.'));
      if (!isKnown) throw error;
    }
  }

  /** When nothing was harmed and nobody died, one more copy in peace shows everything that the store shows. */
  async expectSame(world: World): Promise<void> {
    await this.expectWhole(world);
    if (world.harms > 0 || this.deaths > 0) return;
    const { waiting } = await replicate(world.handle(), this.handle(), { clock: systemClock, host: 'host-in-peace' });
    const late = waiting.filter(({ point }) => !world.orphans.has(point));
    assert(late.length === 0, `nothing waits in peace: ${JSON.stringify(late)}`);
    const visible = new Set(world.visible().map(({ id }) => id)).difference(world.orphans);
    const { points } = await (await reopen(this.handle())).points();
    for (const { id } of points) visible.delete(id);
    assert(visible.size === 0, `${[...visible].join()} are in the copy`);
    await this.expectWhole(world);
  }
}
