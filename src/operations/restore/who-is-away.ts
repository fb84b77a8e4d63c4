import { LifeboatError } from '../../core/index.ts';
import type { PointList } from '../points.ts';

/**
 * What the stores that answer do not hold may be in one that does not: nobody should take it for a mistake of theirs alone. The same failure where all
 * answered, or the one that was asked for did.
 */
export function sayingWhoIsAway(
  failure: LifeboatError,
  wanted: string | undefined,
  unanswered: PointList['unanswered'],
): LifeboatError {
  const away = unanswered.map(({ store }) => store).filter((store) => wanted === undefined || store === wanted);
  if (away.length === 0) return failure;
  const { code, message, hint, where } = failure;
  return new LifeboatError(code, `${message}. It may be in ${away.join(', ')}, which did not answer`, {
    ...(hint === undefined ? {} : { hint }),
    ...(where === undefined ? {} : { where }),
    cause: failure,
  });
}
