import type { Path } from '../document.ts';
import type { Facts } from './facts/facts.ts';

export type Severity = 'error' | 'warning' | 'info';

/**
 * One thing that goes wrong on the day, and how a plan shows it. A rule is general: it knows no plan. It stays silent where the
 * plan does not say enough to judge, and its message holds the numbers that it judged by.
 */
export interface Rule {
  /** `area.subject`, never changed once published: waivers name it. */
  readonly code: string;
  /** Of its findings, unless one says otherwise. `error`: the recovery fails, or a promise cannot be kept. */
  readonly severity: Severity;
  /** One plain sentence without a full stop. */
  readonly title: string;
  /** For the page: what happens without it, in a few sentences. */
  readonly why: string;
  /** For the page: excerpts of plans. */
  readonly bad: string;
  readonly good: string;
  /** One finding for each place is enough: what is typed and what its command says are one mistake. */
  readonly onePerPlace?: boolean;
  find(facts: Facts): Iterable<Found>;
}

export interface Found {
  readonly path: Path;
  /** Whether the place is that of the key (the default) or of what stands behind it. */
  readonly at?: 'key' | 'value';
  /** With numbers and names, without a full stop at the end. */
  readonly message: string;
  readonly hint: string;
  readonly severity?: Severity;
}
