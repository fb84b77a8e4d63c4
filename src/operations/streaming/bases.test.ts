import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Asset, LogStreamState, UnlinkedLog } from '../../assets/index.ts';
import { LifeboatError, ManualClock, systemClock } from '../../core/index.ts';
import { joinRepository } from '../../repository/index.ts';
import { openFsStore } from '../../stores/fs/index.ts';
import type { Store } from '../../stores/index.ts';
import { backupEverywhere, listPoints, type Workspace } from '../index.ts';
import { changed, withWorkspace } from '../testing/workspace.ts';
import { Bases } from './bases.ts';

const minuteMs = 60_000;
const soon = <T>(ask: () => T) => expect.poll(ask, { timeout: 20_000, interval: 20 });

const shownState = {
  state: 'streaming',
  stores: ['near', 'far'].map((store) => ({ store, completeToMs: 1 })),
} as LogStreamState;

interface Scene {
  readonly workspace: Workspace;
  readonly bases: Bases;
  readonly said: readonly string[];
  /** Between two looks, milliseconds. */
  readonly slept: readonly number[];
  /** Stores whose log no point leads to. */
  readonly lacking: () => string[];
  /** Minute by minute, each until everything that is due by then was done. */
  readonly pass: (minutes: number) => Promise<void>;
}

interface Weather {
  isAway: boolean;
  hangs?: Promise<void>;
  /** Nor can anything be read. */
  nearIsAway?: boolean;
}

/** Of an asset whose points all lead to its log, in `near` and in `far`, which can be away, or hang so that it does not heed a stop either. */
async function withBases(
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
    const bases = new Bases({
      workspace,
      asset: 'docs',
      placeOf: () => ({ source: 'docs', timeline: 1, start: 0n, end: 1n }),
      say: ({ reason }) => void said.push(reason),
      signal: new AbortController().signal,
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
      await work({ workspace, bases, said, slept, lacking, pass });
    } finally {
      await bases.end();
    }
  }, wrapStore);
}

const withPolicy =
  (policy: unknown) =>
  ({ plan: { assets, policies, ...rest } }: Workspace): Workspace['plan'] => ({
    ...rest,
    assets: new Map([...assets].map(([name, asset]) => [name, { ...asset, policy: 'p' }])),
    policies: new Map([...policies, ['p', policy as never]]),
  });

const noneYet: UnlinkedLog = { reason: 'no recovery point is there yet', isLedToBy: () => true };

describe('a stream into two stores, one of which is away, that needs a point', () => {
  it('has it once in the store that is there, which is protected then, and tries the other one less and less often', async () => {
    const far = { isAway: true };
    await withBases(far, async ({ workspace, bases, said, pass }) => {
      const pointsIn = async (store: string): Promise<number> =>
        (await listPoints(workspace, 'docs')).points.filter(({ stores }) => stores.includes(store)).length;
      bases.take(noneYet);
      await soon(() => said.at(-1)).toBe('the new recovery point is not in far yet, and is tried again: far is away');
      expect(bases.shown(shownState)).toEqual({
        state: 'streaming',
        stores: [{ store: 'near', completeToMs: 1 }, { store: 'far' }],
        reason: 'the new recovery point is not in far yet',
      });
      await pass(32);
      expect(await pointsIn('near')).toBe(1);
      // After 1, 2, 4, 8 and 10 minutes: the sixth try would be after 35.
      const tries = workspace.journal.records({ kinds: ['backup.started'] }).map(({ data }) => data['store']);
      expect(tries.toSorted()).toEqual(['far', 'far', 'far', 'far', 'far', 'far', 'near']);

      far.isAway = false;
      await pass(10);
      expect(bases.shown(shownState)).toBe(shownState);
      expect([await pointsIn('near'), await pointsIn('far')]).toEqual([1, 1]);
    });
  });

  it('is content with a point that came there in another way, within a minute, and says what is lacking once for each try', async () => {
    const far = { isAway: true };
    await withBases(far, async ({ workspace, bases, said, pass }) => {
      bases.take(noneYet);
      await soon(() => said.at(-1)).toMatch(/not in far yet, and is tried again/);
      const before = said.length;
      await pass(10);
      const tries = said.filter((line) => line.startsWith('another recovery point is taken'));
      expect([tries.length, said.length - before]).toEqual([3, 2 * 3]);
      far.isAway = false;
      await backupEverywhere(workspace, 'docs', undefined, ['far']);
      await pass(1);
      expect([bases.shown(shownState), said.length - before]).toEqual([shownState, 2 * 3]);
    });
  });

  it('takes it as soon as the stream reaches that store again, but not sooner than a minute after the last try', async () => {
    const far = { isAway: true };
    await withBases(far, async ({ workspace, bases, said, pass }) => {
      bases.take(noneYet);
      await soon(() => said.at(-1)).toMatch(/not in far yet, and is tried again/);
      await pass(8);
      far.isAway = false;
      const tries = (): number => workspace.journal.records({ kinds: ['backup.started'] }).length;
      const before = tries();
      bases.take({
        reason: 'no recovery point that leads to the log is in far yet',
        store: 'far',
        isLedToBy: () => true,
      });
      await pass(1);
      expect([tries() - before, bases.shown(shownState)]).toEqual([1, shownState]);
    });
  });

  it('has a new gap of the store that is there mended at once, also while the other one is waited for', async () => {
    await withBases({ isAway: true }, async ({ workspace, bases, said, pass }) => {
      bases.take(noneYet);
      await soon(() => said.at(-1)).toMatch(/not in far yet, and is tried again/);
      await pass(8);
      const before = await listPoints(workspace, 'docs');
      const isNew = new Set(before.points.map(({ point }) => point.id));
      bases.take({ reason: 'the log in near has a gap', store: 'near', isLedToBy: () => false });
      await soon(() => said.at(-1)).toBe(
        'the new recovery point ends before the log that it is for, and another one is taken',
      );
      const after = await listPoints(workspace, 'docs');
      expect(after.points.filter(({ point }) => !isNew.has(point.id)).map(({ stores }) => stores)).toEqual([['near']]);
    });
  });
});

describe('a stream that needs points while a store hangs', () => {
  it('has them in the others, at once and again, and ends all the same', async () => {
    const hanging = Promise.withResolvers<void>();
    await withBases(
      { isAway: false, hangs: hanging.promise },
      async ({ workspace, bases, lacking }) => {
        const pointsInNear = async (): Promise<number> =>
          (await listPoints(workspace, 'docs')).points.filter(({ stores }) => stores.includes('near')).length;
        bases.take(noneYet);
        await soon(lacking).toEqual(['far']);
        expect(await pointsInNear()).toBe(1);
        // Another gap, in which the first one does not help.
        let asked = 0;
        bases.take({ reason: 'the log in near has a gap', store: 'near', isLedToBy: () => (asked += 1) > 1 });
        await soon(lacking).toEqual(['far']);
        expect(await pointsInNear()).toBe(2);
        const startedMs = systemClock.elapsed();
        await bases.end();
        expect(systemClock.elapsed() - startedMs).toBeLessThan(15_000);
        hanging.resolve();
        await soon(() => workspace.journal.records({ kinds: ['backup.failed'] }).length).toBe(1);
      },
      withPolicy({ to: ['far', 'near'], keeps: {}, streams: { to: ['far', 'near'] } }),
    );
  });

  it('has copies of them in the others too', async () => {
    const hanging = Promise.withResolvers<void>();
    await withBases(
      { isAway: false, hangs: hanging.promise },
      async ({ workspace, bases, lacking }) => {
        bases.take(noneYet);
        await soon(() => workspace.journal.records({ kinds: ['copy.started'] }).length).toBe(1);
        bases.take({ reason: 'the log in near has a gap', store: 'near', isLedToBy: () => true });
        await soon(lacking).toEqual(['far']);
        hanging.resolve();
        await soon(lacking).toEqual([]);
      },
      withPolicy({ to: ['near'], copy: { to: ['far'] }, keeps: {}, streams: { to: ['near', 'far'] } }),
      true,
    );
  });
});

it('a point that takes the place of a damaged one is damaged too: the next one waits, longer each time, as if it had failed', async () => {
  await withBases(
    { isAway: false },
    async ({ workspace, bases, lacking, pass }) => {
      const taken = (): number => workspace.journal.records({ kinds: ['backup.started'] }).length;
      const damageAll = async (): Promise<void> => {
        const { points } = await listPoints(workspace, 'docs');
        const damage = [{ object: 'packs/a', what: 'it is changed', points: points.map(({ point }) => point.id) }];
        workspace.journal.append('verify.finished', { store: 'near', ok: false, sound: [], damage });
        bases.take({ reason: 'no recovery point leads to the log', store: 'near', isLedToBy: () => true });
      };
      bases.take(noneYet);
      await soon(lacking).toEqual([]);
      await damageAll();
      await soon(lacking).toEqual([]);
      expect(taken()).toBe(2);
      await damageAll();
      await pass(1);
      await soon(lacking).toEqual([]);
      expect(taken()).toBe(3);
      await damageAll();
      await pass(1);
      expect([taken(), lacking()]).toEqual([3, ['near']]);
      await pass(1);
      await soon(lacking).toEqual([]);
      expect(taken()).toBe(4);
    },
    withPolicy({ to: ['near'], keeps: {}, streams: { to: ['near'] } }),
  );
});

it.each([
  ['a point', 'backup.started', { to: ['far'], keeps: {}, streams: { to: ['far'] } }],
  ['a copy', 'copy.started', { to: ['near'], copy: { to: ['far'] }, keeps: {}, streams: { to: ['far'] } }],
])(
  '%s that fails is tried again after a minute and not at once, also where a stream that keeps breaking asked again meanwhile',
  async (_, kind, policy) => {
    const hanging = Promise.withResolvers<void>();
    hanging.promise.catch(() => {}); // whoever puts something hears it
    await withBases(
      { isAway: false, hangs: hanging.promise },
      async ({ workspace, bases, pass }) => {
        const tries = (): number => workspace.journal.records({ kinds: [kind] }).length;
        const ask = (): void => bases.take({ reason: 'none is in far', store: 'far', isLedToBy: () => true });
        ask();
        await soon(tries).toBe(1);
        ask();
        hanging.reject(new LifeboatError('store.unreachable', 'far is away'));
        await soon(
          () => workspace.journal.records({ kinds: [kind.replace('started', 'failed')] }).length,
        ).toBeGreaterThan(0);
        await systemClock.sleep(500);
        expect(tries()).toBe(1);
        await pass(2);
        expect(tries()).toBe(2);
      },
      withPolicy(policy),
      kind === 'copy.started',
    );
  },
);

it('a copy to a store that is away is tried less and less often, at once when the stream reaches that store again', async () => {
  const far = { isAway: true };
  await withBases(
    far,
    async ({ workspace, bases, pass }) => {
      const tries = (): number => workspace.journal.records({ kinds: ['copy.started'] }).length;
      bases.take(noneYet);
      await soon(() => tries()).toBe(1);
      await pass(32);
      // After 1, 2, 4, 8 and 10 minutes.
      expect(tries()).toBe(6);
      expect(workspace.journal.records({ kinds: ['backup.started'] })).toHaveLength(1);
      bases.take({
        reason: 'no recovery point that leads to the log is in far yet',
        store: 'far',
        isLedToBy: () => true,
      });
      await pass(1);
      expect(tries()).toBe(7);
      far.isAway = false;
      await pass(2);
      expect([tries(), bases.shown(shownState)]).toEqual([8, shownState]);
    },
    withPolicy({ to: ['near'], copy: { to: ['far'] }, keeps: {}, streams: { to: ['near', 'far'] } }),
    true,
  );
});

it('a copy whose source went away is looked for each minute, and not at once again and again when an hour has passed since it was spoken of', async () => {
  const far: Weather = { isAway: true };
  await withBases(
    far,
    async ({ bases, said, slept, pass }) => {
      bases.take(noneYet);
      await soon(() => said.at(-1)).toBe('the new recovery point is not in far yet');
      far.nearIsAway = true;
      await pass(70);
      expect(Math.min(...slept)).toBeGreaterThan(0);
    },
    withPolicy({ to: ['near'], copy: { to: ['far'] }, keeps: {}, streams: { to: ['near', 'far'] } }),
    true,
  );
});

it('a store that gets the log and never a point is spoken of once, and again each hour: not every minute', async () => {
  await withBases(
    { isAway: false },
    async ({ bases, said, pass }) => {
      bases.take(noneYet);
      const lack = 'no recovery point of docs comes into far, and nothing can be restored from the log alone';
      await soon(() => said).toEqual([
        'a new recovery point is taken: no recovery point is there yet',
        'a new recovery point was taken',
        lack,
      ]);
      await pass(10);
      // A stream that connects again asks again.
      bases.take({
        reason: 'no recovery point that leads to the log is in far yet',
        store: 'far',
        isLedToBy: () => true,
      });
      await pass(49);
      expect(said).toHaveLength(3);
      await pass(1);
      expect(said.slice(3)).toEqual([lack]);
    },
    withPolicy({ to: ['near'], keeps: {}, streams: { to: ['near', 'far'] } }),
  );
});

it('a point that is being taken is stopped when its stream has failed: nobody waits an hour for the reason', async () => {
  await withWorkspace(async (workspace) => {
    const begun = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    const asset: Pick<Asset, 'name' | 'type' | 'identify' | 'capture'> = {
      name: 'docs',
      type: 'files',
      identify: async () => ({ id: 'slow', description: 'a source that is read for an hour' }),
      // oxlint-disable-next-line require-yield -- it is stopped before there is anything to give
      capture: async function* ({ signal }) {
        signal?.addEventListener('abort', () => stopped.resolve());
        begun.resolve();
        await stopped.promise;
        throw new Error('stopped');
      },
    };
    const bases = new Bases({
      workspace: { ...workspace, asset: () => asset as Asset },
      asset: 'docs',
      placeOf: () => undefined,
      say: () => {},
      signal: new AbortController().signal,
    });
    bases.take({ reason: 'no recovery point is there yet', isLedToBy: () => true });
    await begun.promise;
    await bases.end();
    const [started, failed] = ['backup.started', 'backup.failed'].map(
      (kind) => workspace.journal.records({ kinds: [kind] }).length,
    );
    expect([started, failed]).toEqual([failed, expect.toBeOneOf([1, 2])]);
  });
});
