import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { LogStreamState, UnlinkedLog } from '../../../assets/index.ts';
import { LifeboatError, ManualClock, systemClock } from '../../../core/index.ts';
import { joinRepository } from '../../../repository/index.ts';
import { openFsStore } from '../../../stores/fs/index.ts';
import type { Store } from '../../../stores/index.ts';
import type { Workspace } from '../../index.ts';
import { changed, withWorkspace } from '../../testing/workspace.ts';
import { Bases } from '../bases.ts';

const minuteMs = 60_000;
export const soon = <T>(ask: () => T) => expect.poll(ask, { timeout: 20_000, interval: 20 });

export const shownState = {
  state: 'streaming',
  stores: ['near', 'far'].map((store) => ({ store, completeToMs: 1 })),
} as LogStreamState;

export interface Scene {
  readonly workspace: Workspace;
  readonly bases: Bases;
  readonly said: readonly string[];
  /** Between two looks, milliseconds. */
  readonly slept: readonly number[];
  /** Stores whose log no point leads to. */
  readonly lacking: () => string[];
  /** Minute by minute, each until everything that is due by then was done. */
  readonly pass: (minutes: number) => Promise<void>;
  /** The stream is told to end. */
  readonly stop: () => void;
}

export interface Weather {
  isAway: boolean;
  hangs?: Promise<void>;
  /** Nor can anything be read. */
  nearIsAway?: boolean;
}

/** Of an asset whose points all lead to its log, in `near` and in `far`, which can be away, or hang so that it does not heed a stop either. */
export async function withBases(
  far: Weather,
  work: (scene: Scene) => Promise<void>,
  plan: (workspace: Workspace) => Workspace['plan'] = (workspace) => workspace.plan,
  isCopy = false,
): Promise<void> {
  const wrapStore = (store: Store): Store =>
    changed(store, {
      put: async (name, ...words) => {
        if (far.isAway && store.location.endsWith('far')) throw new LifeboatError('store.unreachable', 'far is away');
        if (store.location.endsWith('far')) await far.hangs;
        return store.put(name, ...words);
      },
      list: (prefix) => {
        if (far.nearIsAway === true && store.location.endsWith('near'))
          throw new LifeboatError('store.unreachable', 'near is away');
        return store.list(prefix);
      },
    });
  await withWorkspace(async (opened, folder) => {
    await writeFile(join(folder, 'docs', 'one'), 'one');
    if (isCopy) {
      await rm(join(folder, 'far'), { recursive: true });
      await joinRepository(
        await openFsStore(join(folder, 'near'), false),
        await openFsStore(join(folder, 'far'), true),
      );
    }
    const clock = new ManualClock();
    let asleep = 0;
    const slept: number[] = [];
    const workspace = {
      ...opened,
      plan: plan(opened),
      repository: (store: string) => opened.repository(store),
      asset: (name: string) => opened.asset(name),
      place: (store: string) => opened.place(store),
      clock: {
        now: () => systemClock.now(),
        elapsed: () => clock.elapsed(),
        sleep: (ms: number, signal?: AbortSignal) => {
          asleep += 1;
          slept.push(ms);
          return clock.sleep(ms, signal).finally(() => void (asleep -= 1));
        },
      },
    };
    const said: string[] = [];
    const stopping = new AbortController();
    const bases = new Bases({
      workspace,
      asset: 'docs',
      placeOf: () => ({ source: 'docs', timeline: 1, start: 0n, end: 1n }),
      say: ({ reason }) => void said.push(reason),
      signal: stopping.signal,
    });
    const lacking = (): string[] =>
      bases.shown(shownState).stores.flatMap((one) => (one.completeToMs === undefined ? [one.store] : []));
    const pass = async (minutes: number): Promise<void> => {
      for (let left = minutes; left > 0; left -= 1) {
        await clock.advance(minuteMs);
        await systemClock.sleep(1);
        // Each store for itself.
        await soon(() => asleep >= lacking().length).toBe(true);
      }
    };
    try {
      await work({ workspace, bases, said, slept, lacking, pass, stop: () => stopping.abort() });
    } finally {
      await bases.end();
    }
  }, wrapStore);
}

export const withPolicy =
  (policy: unknown) =>
  ({ plan: { assets, policies, ...rest } }: Workspace): Workspace['plan'] => ({
    ...rest,
    assets: new Map([...assets].map(([name, asset]) => [name, { ...asset, policy: 'p' }])),
    policies: new Map([...policies, ['p', policy as never]]),
  });

export const noneYet: UnlinkedLog = { reason: 'no recovery point is there yet', isLedToBy: () => true };
