import { openWorkspace } from '../../src/app/index.ts';
import { silentProgress, systemClock } from '../../src/core/index.ts';
import { stream, type StreamLine } from '../../src/operations/index.ts';
import type { Place } from './lifeboat.ts';

/** Writes, and streams until what was written is in every store, and until something else was said; the lines that the stream said. Rejects with what ended it before. */
export async function writeAndStream(
  place: Place,
  sql: (text: string) => Promise<Record<string, unknown>[]>,
  statement: string,
  stateFolder = 'of-the-stream',
  isAllSaid: (lines: readonly StreamLine[]) => boolean = () => true,
): Promise<StreamLine[]> {
  const workspace = await openWorkspace({
    planFile: place.path('lifeboat.yaml'),
    stateFolder: place.path(stateFolder),
    progress: silentProgress,
  });
  const lines: StreamLine[] = [];
  const stop = new AbortController();
  const ended = stream(workspace, { assets: [], say: (line) => void lines.push(line), signal: stop.signal });
  ended.catch(() => {}); // heard below
  try {
    await sql(statement);
    const [row] = await sql(`select (pg_current_wal_flush_lsn() - '0/0')::text as at`);
    const wanted = BigInt(String(row?.['at']));
    const isThere = (line: StreamLine | undefined): boolean =>
      line?.state === 'streaming' &&
      line.stores.every(({ durable = '0/0' }) => BigInt(`0x${durable.split('/')[1]}`) >= wanted);
    while (!isThere(lines.findLast(({ state }) => state === 'streaming')) || !isAllSaid(lines))
      await Promise.race([systemClock.sleep(50), ended]);
  } finally {
    stop.abort();
    await ended;
    await workspace.close();
  }
  return lines;
}
