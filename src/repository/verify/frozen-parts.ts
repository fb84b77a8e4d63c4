import { limits } from '../../core/index.ts';
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
   * Has what is thawed read: listings name the class alone. Of each point one pack is asked for, and all of them only where that one is
   * thawed: one request for each pack of an archive would cost more than all else.
   */
  async lookForThawed(store: Store): Promise<void> {
    const asked = new Map<number, boolean>();
    const look = async (pack: number): Promise<boolean> => {
      const known = asked.get(pack);
      if (known !== undefined) return known;
      const found = await store.thawState?.(packName(this.#catalog.packs[pack]?.id ?? ''));
      const isThawed = found?.state === 'thawed' || found?.state === 'readable';
      asked.set(pack, isThawed);
      if (isThawed) this.#catalog.thawed(pack);
      return isThawed;
    };
    for (const packs of this.#neededBy.values()) {
      const [first] = packs;
      if (first === undefined || !(await look(first))) continue;
      await forEachOf(packs, limits.objectsReadAtOnce, async (pack) => void (await look(pack)));
    }
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
