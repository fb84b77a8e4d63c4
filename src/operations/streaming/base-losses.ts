import type { Journal } from '../../journal/index.ts';

/** A restore that failed may have met damage. */
const kinds = ['verify.finished', 'forget.finished', 'restore.failed', 'inplace.failed'];

/**
 * Tells whether points of a store may be bases of its log no more, as the journal of this machine says: found damaged, or forgotten, or log behind them was
 * found damaged, also before the stream began.
 */
export class BaseLosses {
  readonly #journal: Pick<Journal, 'records' | 'last'>;
  #after: number;
  #isFirst: boolean;

  constructor(journal: Pick<Journal, 'records' | 'last'>, isLogDamaged: boolean) {
    this.#journal = journal;
    this.#isFirst = isLogDamaged;
    this.#after = journal.last();
  }

  /** True once for what came since it was last asked. A journal that cannot be read now is asked again: it must not end a stream. */
  take(): boolean {
    if (this.#isFirst) {
      this.#isFirst = false;
      return true;
    }
    try {
      const last = this.#journal.last();
      if (last === this.#after) return false;
      const records = this.#journal.records({ kinds, after: this.#after });
      this.#after = last;
      return records.some(({ kind, data }) => kind !== 'verify.finished' || data['ok'] === false);
    } catch {
      return false;
    }
  }
}
