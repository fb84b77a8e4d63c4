import { isLifeboatError, limits } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { packName } from '../names.ts';
import type { Catalog } from '../read/catalog.ts';
import type { VerifyResult } from '../repository.ts';
import { forEachOf } from '../tasks.ts';

/** What a verification passes over because it must thaw first. */
export class FrozenParts {
  readonly #catalog: Catalog;
  /** What each point needs of packs that lie in a class that freezes. */
  readonly #neededBy = new Map<string, Set<number>>();
  readonly #passed = new Set<number>();
  /** More is frozen than when points were noted. */
  hasMore = false;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  note(point: string, pack: number): void {
    if (!this.#catalog.isFrozen(pack)) return;
    const packs = this.#neededBy.get(point);
    if (packs === undefined) this.#neededBy.set(point, new Set([pack]));
    else packs.add(pack);
  }

  /**
   * Has what is thawed read, if it stays so for long enough: listings name the class alone. Of each point one pack is asked for, and all of them only
   * where that one is thawed: one request for each pack of an archive would cost more than all else. Throws what `requireGoing` throws.
   */
  async lookForThawed(store: Store, nowMs: number, requireGoing: () => void): Promise<void> {
    const look = async (pack: number): Promise<boolean> => {
      requireGoing();
      const isThawed = await isReadable(store, packName(this.#catalog.packs[pack]?.id ?? ''), nowMs);
      if (isThawed) this.#catalog.thawed(pack);
      return isThawed;
    };
    const firsts = new Map<number, boolean>();
    for (const [first] of this.#neededBy.values()) if (first !== undefined) firsts.set(first, false);
    const asked = [...firsts.keys()];
    await forEachOf(asked, limits.objectsReadAtOnce, async (pack) => void firsts.set(pack, await look(pack)));
    const others = new Set<number>();
    for (const packs of this.#neededBy.values()) {
      const [first] = packs;
      if (first !== undefined && firsts.get(first) === true)
        for (const pack of packs) if (!firsts.has(pack)) others.add(pack);
    }
    await forEachOf(others, limits.objectsReadAtOnce, async (pack) => void (await look(pack)));
  }

  /** A pack that could be read when it was looked at, and cannot any more. */
  froze(pack: number): void {
    this.#catalog.froze(pack);
    this.#passed.add(pack);
    this.hasMore = true;
  }

  /** Whether a point needs some of it. */
  keeps(point: string): boolean {
    for (const pack of this.#neededBy.get(point) ?? []) if (this.#catalog.isFrozen(pack)) return true;
    return false;
  }

  /** Whether the pack is passed over; it is counted then. */
  passes(pack: number): boolean {
    if (!this.#catalog.isFrozen(pack)) return false;
    this.#passed.add(pack);
    return true;
  }

  told(): VerifyResult['frozen'] {
    const packs = new Set(this.#passed);
    for (const needed of this.#neededBy.values())
      for (const pack of needed) if (this.#catalog.isFrozen(pack)) packs.add(pack);
    const bytes = [...packs].reduce((total, pack) => total + (this.#catalog.packs[pack]?.bytes ?? 0), 0);
    return { packs: packs.size, bytes, points: [...this.#neededBy.keys()].filter((point) => this.keeps(point)) };
  }
}

/** Not where it is gone: a prune may take what an archive was moved out of. */
async function isReadable(store: Store, name: string, nowMs: number): Promise<boolean> {
  try {
    const found = await store.thawState?.(name);
    if (found?.state === 'thawed') return found.untilMs - nowMs > limits.thawedLeastMs;
    return found?.state === 'readable';
  } catch (error) {
    if (isLifeboatError(error, 'store.missing')) return false;
    throw error;
  }
}
