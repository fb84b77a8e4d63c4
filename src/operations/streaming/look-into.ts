import type { LogBasePlace, UnlinkedLog } from '../../assets/index.ts';
import type { Workspace } from '../contract.ts';
import { basesOf } from '../log-bases.ts';
import { listPoints } from '../points.ts';

export interface Look {
  /** The store has a point that leads to the log. */
  readonly isLed: boolean;
  /** It has none but what a verification found damaged there. */
  readonly isDamaged: boolean;
}

/** Whether a store has a point that leads to a log, asked of it alone. What is not known is not there. */
export async function lookInto(
  workspace: Workspace,
  question: {
    readonly asset: string;
    readonly store: string;
    readonly wanted: UnlinkedLog;
    placeOf(facts: Readonly<Record<string, unknown>>): LogBasePlace | undefined;
    readonly signal: AbortSignal;
  },
): Promise<Look> {
  const { asset, store, wanted, placeOf, signal } = question;
  try {
    const { points } = await listPoints(workspace, asset, signal, false, [store]);
    const leading = points.filter(({ point }) => {
      const place = placeOf(point.facts.facts);
      return place !== undefined && wanted.isLedToBy(place);
    });
    const isLed = basesOf({ baseOf: placeOf }, leading).length > 0;
    return { isLed, isDamaged: leading.length > 0 && !isLed };
  } catch {
    return { isLed: false, isDamaged: false };
  }
}
