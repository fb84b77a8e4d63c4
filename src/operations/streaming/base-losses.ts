import type { Journal } from '../../journal/index.ts';

/** Tells whether points of a store may be bases of its log no more, as the journal of this machine says: found damaged, or forgotten. */
export class BaseLosses {
  readonly #journal: Pick<Journal, 'records' | 'last'>;
  #after: number;

  constructor(journal: Pick<Journal, 'records' | 'last'>) {
    this.#journal = journal;
    this.#after = journal.last();
  }

  /** True once for what came since it was last asked. A journal that cannot be read now is asked again: it must not end a stream. */
  take(): boolean {
    try {
      const last = this.#journal.last();
      if (last === this.#after) return false;
      const records = this.#journal.records({ kinds: ['verify.finished', 'forget.finished'], after: this.#after });
      this.#after = last;
      return records.some(({ kind, data }) => kind === 'forget.finished' || data['ok'] === false);
    } catch {
      return false;
    }
  }
}
