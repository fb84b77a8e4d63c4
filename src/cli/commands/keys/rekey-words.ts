import { formatBytes } from '../../../core/index.ts';
import type { RekeyReport } from '../../../operations/index.ts';

/** What became of what was sealed under earlier epochs. */
export function rekeySentences({ store, bytes, deleted, waiting, left }: RekeyReport): string[] {
  const packs = (one: { packs: number; bytes: number }): string =>
    `${formatBytes(one.bytes)} in ${one.packs} pack${one.packs === 1 ? '' : 's'}`;
  return [
    `${store}: ${formatBytes(bytes)} sealed anew under the newest key, ${packs(deleted)} of before deleted`,
    ...(waiting.packs === 0
      ? []
      : [
          `${store}: ${packs(waiting)} of before are still there, for backups at work or a lock: lifeboat store prune ${store}`,
        ]),
    ...(left.packs === 0
      ? []
      : [
          `${store}: ${packs(left)} are still sealed under an earlier key (frozen, damaged, or beyond the bound): lifeboat store prune ${store} --rekey`,
        ]),
    `${store}: names and sizes in its points, its logs and its journal stay under the key of their time until they go`,
  ];
}
