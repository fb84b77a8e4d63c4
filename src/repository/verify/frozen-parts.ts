import type { Catalog } from '../read/catalog.ts';
import type { VerifyResult } from '../repository.ts';

/** What a verification passes over because it must thaw first. */
export class FrozenParts {
  /** Those that need some of it. */
  readonly points = new Set<string>();
  readonly #catalog: Catalog;
  readonly #packs = new Set<number>();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  note(point: string, pack: number): void {
    if (this.#catalog.isFrozen(pack)) this.points.add(point);
  }

  /** Whether the pack is passed over; it is counted then. */
  passes(pack: number): boolean {
    if (!this.#catalog.isFrozen(pack)) return false;
    this.#packs.add(pack);
    return true;
  }

  told(): VerifyResult['frozen'] {
    const bytes = [...this.#packs].reduce((total, pack) => total + (this.#catalog.packs[pack]?.bytes ?? 0), 0);
    return { packs: this.#packs.size, bytes, points: [...this.points] };
  }
}
