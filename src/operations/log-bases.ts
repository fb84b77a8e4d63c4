import type { HeldBase, LogKeeping } from '../assets/index.ts';
import type { Point } from '../repository/index.ts';
import { soundStoresOf, type ListedPoint } from './points.ts';

/** A point as a base of its asset's log, and the stores where it is one. */
export interface PointBase extends HeldBase {
  readonly point: Point;
}

/**
 * The points that a log can be gone on from, in the order given: the one answer for whoever streams, prunes, restores or shows a log. A point that the newest
 * verification found damaged in a store is no base there, and one that cannot be read there was never listed.
 */
export const basesOf = (keeping: Pick<LogKeeping, 'baseOf'>, points: readonly ListedPoint[]): PointBase[] =>
  points.flatMap((listed) => {
    const place = keeping.baseOf(listed.point.facts.facts);
    const stores = soundStoresOf(listed);
    return place === undefined || stores.length === 0 ? [] : [{ ...place, point: listed.point, stores }];
  });
