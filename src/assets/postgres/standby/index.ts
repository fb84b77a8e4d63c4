import type { StandbyKeeping } from '../../standby.ts';
import { askFence } from './fence.ts';
import { followLog } from './follow.ts';
import { noteOf, prepareStandby, releaseStandby } from './note.ts';
import { stopServer } from './standby-server.ts';

/** A warm standby that is fed from a store. `urlOfCopy`: how a copy is asked, by the facts of its point. */
export const standbyKeeping = (
  url: () => Promise<string>,
  urlOfCopy: (facts: Readonly<Record<string, unknown>>) => Promise<string>,
): StandbyKeeping => ({
  noteOf,
  prepare: prepareStandby,
  follow: async (folder, options) => followLog(folder, await urlOfCopy(options.note.facts), options),
  release: releaseStandby,
  stop: stopServer,
  fence: (source, options) => askFence(url, source, options?.signal),
});
