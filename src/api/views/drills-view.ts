import { isoTime } from '../../core/index.ts';
import type { DrillResult as Drilled } from '../../drills/index.ts';
import type { Journal, JournalRecord } from '../../journal/index.ts';
import type { DrillResult } from '../contract/index.ts';

/** How drills ended, newest first: read once, and then only what is new. */
export class DrillsView {
  readonly #journal: Journal;
  #results: DrillResult[] = [];
  #read: number | undefined;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  list(): readonly DrillResult[] {
    const last = this.#journal.last();
    if (last === this.#read) return this.#results;
    const after = this.#read === undefined ? {} : { after: this.#read, most: last - this.#read };
    const fresh = this.#journal.records({ kinds: ['drill.finished', 'drill.aborted'], ...after }).map(resultOf);
    this.#results = [...fresh.toReversed(), ...this.#results];
    this.#read = last;
    return this.#results;
  }
}

function resultOf({ kind, atMs, run, data }: JournalRecord): DrillResult {
  const common = { run: run ?? '', drill: String(data['drill']), at: isoTime(atMs) };
  if (kind === 'drill.aborted')
    return {
      ...common,
      scenario: '',
      verdict: 'aborted',
      rtoSeconds: null,
      rtoTargetSeconds: null,
      rpoSeconds: null,
      rpoTargetSeconds: null,
      lost: null,
      criteria: [],
    };
  const { scenario, verdict, rtoSeconds, rpoSeconds, lost, criteria, expected } = data as unknown as Drilled;
  return {
    ...common,
    scenario,
    verdict,
    rtoSeconds: rtoSeconds ?? null,
    rtoTargetSeconds: expected.rtoMs === undefined ? null : expected.rtoMs / 1000,
    rpoSeconds: rpoSeconds ?? null,
    rpoTargetSeconds: expected.rpoMs === undefined ? null : expected.rpoMs / 1000,
    lost: lost ?? null,
    criteria: criteria.map((one) => ({ name: one.name, verdict: one.verdict, text: one.text })),
  };
}
