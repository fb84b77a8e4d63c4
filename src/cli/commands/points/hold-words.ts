import { isoTime } from '../../../core/index.ts';
import type { Hold } from '../../../repository/index.ts';

/** A hold as `--json` gives it. */
export const holdJson = (hold: Hold, stores: readonly string[]): Record<string, unknown> => ({
  id: hold.id,
  kind: hold.kind,
  point: hold.point ?? null,
  asset: hold.asset ?? null,
  reason: hold.reason,
  by: hold.by,
  createdAt: isoTime(hold.createdMs),
  until: hold.untilMs === undefined ? null : isoTime(hold.untilMs),
  stores,
});
