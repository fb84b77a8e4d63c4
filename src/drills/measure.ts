import type { Newest } from '../assets/index.ts';

/** What became of one asset: the row of every evidence table. */
export interface AssetMeasure {
  readonly asset: string;
  readonly bytes: number | undefined;
  readonly point: { readonly id: string; readonly atMs: number; readonly store: string } | undefined;
  /** The span of acknowledged commits that did not come back, milliseconds; undefined: nobody knows. */
  readonly rpoMs: number | undefined;
  /** `rpoMs` is an upper bound. */
  readonly bound: boolean;
  /** How the figure came about, for people. */
  readonly how: string;
  /** Things that were acknowledged, that are there again, and that are not. */
  readonly acknowledged: number | undefined;
  readonly restored: number | undefined;
  readonly lost: number | undefined;
}

export interface LossQuestion {
  /** The moment of the impact, milliseconds since 1970. */
  readonly impactMs: number;
  /** The moment whose data was asked for: the impact, or earlier after a corruption. */
  readonly wantedMs: number;
  /** What the source said at the impact; undefined when it did not answer. */
  readonly source: Newest | undefined;
  /** What the restored copy says. */
  readonly copy: Newest | undefined;
  readonly pointAtMs: number | undefined;
}

export type Loss = Pick<AssetMeasure, 'rpoMs' | 'bound' | 'how' | 'acknowledged' | 'restored' | 'lost'>;

/**
 * How much was lost up to the moment that was asked for. Never the age of a backup where the data itself can tell; where it
 * cannot, the age of the point is an upper bound and says so.
 */
export function lossOf(question: LossQuestion): Loss {
  const { impactMs, wantedMs, source, copy } = question;
  const counts = { acknowledged: source?.count, restored: copy?.count };
  const asked = Math.min(impactMs, wantedMs);
  // What was committed after the moment that was asked for was given up by people: the source's state says nothing of it.
  const sourceTells = source !== undefined && (asked === impactMs || (source.atMs ?? Infinity) <= asked);
  if (!sourceTells || source === undefined) {
    return { ...counts, ...upperBound(question, asked), lost: undefined, acknowledged: undefined };
  }
  if (source.token !== undefined && source.token === copy?.token) {
    return { ...counts, rpoMs: 0, bound: false, how: 'the copy equals its source', lost: 0 };
  }
  const lost =
    source.count === undefined || copy?.count === undefined ? undefined : Math.max(0, source.count - copy.count);
  if (source.atMs === undefined || copy?.atMs === undefined) return { ...counts, ...upperBound(question, asked), lost };
  if (copy.atMs >= source.atMs) {
    const how = 'the newest commit of the source is in the copy';
    // The newest came back but others did not: the span has no end that could be measured.
    if (lost !== undefined && lost > 0) {
      return { ...counts, ...upperBound({ ...question, copy: undefined }, asked), lost };
    }
    return { ...counts, rpoMs: 0, bound: false, how, lost };
  }
  const rpoMs = Math.max(asked - copy.atMs, source.atMs - copy.atMs);
  return { ...counts, rpoMs, bound: false, how: 'from the newest commit in the copy to the impact', lost };
}

function upperBound({ copy, pointAtMs }: LossQuestion, asked: number): Pick<Loss, 'rpoMs' | 'bound' | 'how'> {
  if (copy?.atMs !== undefined) {
    const how = 'from the newest commit in the copy; the source could not tell whether there was a later one';
    return { rpoMs: Math.max(0, asked - copy.atMs), bound: true, how };
  }
  if (pointAtMs === undefined) return { rpoMs: undefined, bound: false, how: 'nothing was restored' };
  return {
    rpoMs: Math.max(0, asked - pointAtMs),
    bound: true,
    how: 'the age of the recovery point; the data itself could not tell',
  };
}
