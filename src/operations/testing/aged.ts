import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openWorkspace, type OpenWorkspace } from '../../app/index.ts';
import { silentProgress, systemClock, type Clock } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { backup } from '../index.ts';
import { withWorkspace } from './workspace.ts';

/** A clock that shows what it is told, and still lets things take their time. */
export class TurnedClock implements Clock {
  nowMs: number;

  constructor(iso: string) {
    this.nowMs = Date.parse(iso);
  }

  now = (): number => this.nowMs;
  elapsed = (): number => systemClock.elapsed();
  sleep = (ms: number, signal?: AbortSignal): Promise<void> => systemClock.sleep(ms, signal);
}

/** The plan of the tests with these policies, `docs` under the one named `p`, at a time that can be turned. */
export async function withPolicy(
  policy: string,
  work: (workspace: OpenWorkspace, clock: TurnedClock, folder: string) => Promise<void>,
  wrapStore?: (store: Store) => Store,
): Promise<void> {
  await withWorkspace(async (_, folder) => {
    const planFile = join(folder, 'lifeboat.yaml');
    const plan = (await readFile(planFile, 'utf8')).replace('path: ./docs,', 'path: ./docs, policy: p,');
    await writeFile(planFile, `${plan}policies: { p: ${policy} }\n`);
    const clock = new TurnedClock('2026-01-01T02:00:00Z');
    const stateFolder = join(folder, 'state-aged');
    const wrap = wrapStore === undefined ? {} : { wrapStore };
    const workspace = await openWorkspace({ planFile, stateFolder, progress: silentProgress, clock, ...wrap });
    try {
      await work(workspace, clock, folder);
    } finally {
      await workspace.close();
    }
  });
}

/** One point a day of `docs` in each store, from the day that the clock shows on; the ids in the store `near`. */
export async function backupDaily(workspace: OpenWorkspace, clock: TurnedClock, days: number): Promise<string[]> {
  const ids: string[] = [];
  for (let day = 0; day < days; day += 1) {
    const reports = await backup(workspace, 'docs');
    ids.push(reports.find(({ store }) => store === 'near')?.point.id as string);
    clock.nowMs += 86_400_000;
  }
  // Before the next one is due.
  clock.nowMs -= 3_600_000;
  return ids;
}
