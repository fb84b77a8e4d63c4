import { readdir } from 'node:fs/promises';
import type { EntryHeader, PointContents, StoredEntry } from '../../entry.ts';
import type { InPlaceDifference } from '../../in-place.ts';
import { entriesOf } from './capture-stopped.ts';
import { controlFile } from './control.ts';
import { lookInPlace } from './look.ts';
import { isPlaced } from './rewrite.ts';

const secondNs = 1_000_000_000n;

/** See `InPlaceKeeping.difference`. */
export async function differenceOf(
  point: PointContents,
  target: string,
  { signal }: { signal?: AbortSignal },
): Promise<InPlaceDifference> {
  const { path } = await lookInPlace(target);
  const has = new Set(await readdir(path));
  const there = new Map<string, EntryHeader & { bytesExpected?: number }>();
  for await (const entry of entriesOf(path)) {
    signal?.throwIfAborted();
    if (entry.type !== 'folder' && isPlaced(entry.path, has)) there.set(entry.path, entry);
  }
  let [files, bytes] = [0, 0];
  for await (const entry of point.entries()) {
    signal?.throwIfAborted();
    const now = there.get(entry.path);
    there.delete(entry.path);
    if (entry.type !== 'file' || (!isPlaced(entry.path, has) && entry.path !== controlFile) || isAlike(entry, now))
      continue;
    files += 1;
    bytes += entry.bytes;
  }
  return { files, bytes, removed: there.size };
}

/** Through a connection a server tells whole seconds. */
function isAlike(entry: StoredEntry, now: (EntryHeader & { bytesExpected?: number }) | undefined): boolean {
  if (now?.type !== 'file' || (now.bytesExpected ?? 0) !== entry.bytes) return false;
  const nowNs = entry.modifiedNs % secondNs === 0n ? now.modifiedNs - (now.modifiedNs % secondNs) : now.modifiedNs;
  return nowNs === entry.modifiedNs;
}
