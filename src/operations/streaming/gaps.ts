import type { UnlinkedLog } from '../../assets/index.ts';
import type { Journal } from '../../journal/index.ts';

/** Writes down once what a stream found missing in the log: moments there can never be restored, and whoever looks later must find it. */
export class Gaps {
  readonly #journal: Pick<Journal, 'append'>;
  readonly #of: { readonly intent: number; readonly asset: string };
  readonly #noted = new Set<string>();

  constructor(journal: Pick<Journal, 'append'>, of: { readonly intent: number; readonly asset: string }) {
    this.#journal = journal;
    this.#of = of;
  }

  /** A stream that connects again says the same again, until there is a point behind the gap. A journal that takes nothing now must not end it. */
  note({ reason, store, isWhole }: UnlinkedLog): void {
    if (isWhole === true || this.#noted.has(`${store} ${reason}`)) return;
    try {
      this.#journal.append('stream.gap', { ...this.#of, ...(store === undefined ? {} : { store }), reason });
      this.#noted.add(`${store} ${reason}`);
    } catch {
      // Told all the same: the point that is due cannot be written down either, and says why.
    }
  }
}
