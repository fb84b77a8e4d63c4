import type { LogBasePlace, LogKeeping } from '../../log.ts';
import { lsnValue } from '../base/end-of-backup.ts';
import { identifyLog } from '../link/identify.ts';
import { floorTo, forksOf } from '../lsn.ts';
import { segmentBytesOf } from '../recovery/choose-way.ts';
import { holesOf } from '../recovery/holes.ts';
import { planReplay } from '../recovery/plan-replay.ts';
import { readPushed, storePushed } from './pushed-file.ts';
import { streamLog } from './streamer.ts';

/** The log of one PostgreSQL asset: see `LogKeeping`. */
export const logKeeping = (asset: string, url: () => Promise<string>): LogKeeping => ({
  source: async () => identifyLog(await url()),
  baseOf,
  forksOf: async (log, timeline) => (timeline === 1 ? [] : forksOf(await log.history(timeline))),
  stream: async (options) =>
    streamLog({ url: await url(), slot: slotNameOf(asset), applicationName: slotNameOf(asset) }, options),
  push: async (path, open) => {
    const file = await readPushed(path);
    if (file.kind === 'backup') return { stored: false };
    const source = file.kind === 'segment' ? file.systemId : undefined;
    for (const log of await open(source)) await storePushed(log, file);
    return { stored: true };
  },
  holes: (log, bases, { signal }) => holesOf(log, bases, baseOf, signal),
  planReplay: (log, bases, target, { signal }) => planReplay(log, bases, target, baseOf, signal),
});

/** Only bases of the whole cluster; a dump has no place on a log. */
function baseOf(facts: Readonly<Record<string, unknown>>): LogBasePlace | undefined {
  const { systemId, startLsn, endLsn, timeline } = facts;
  if (typeof systemId !== 'string' || typeof startLsn !== 'string' || typeof endLsn !== 'string') return undefined;
  return {
    source: systemId,
    timeline: Number(timeline),
    start: floorTo(lsnValue(startLsn), segmentBytesOf(facts)),
    end: lsnValue(endLsn),
  };
}

/** Also the name to write into `synchronous_standby_names`. A slot may be called by 63 letters, digits and underscores. */
export const slotNameOf = (asset: string): string =>
  `lifeboat_${asset.toLowerCase().replaceAll(/[^a-z0-9_]/g, '_')}`.slice(0, 63);
