import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openWorkspace, type OpenWorkspace } from '../../app/index.ts';
import type { LogStreamState } from '../../assets/index.ts';
import { LifeboatError, silentProgress, systemClock, type Clock } from '../../core/index.ts';
import { joinRepository } from '../../repository/index.ts';
import { openFsStore } from '../../stores/fs/index.ts';
import type { Store } from '../../stores/index.ts';
import { installedMajors, startTestCluster, type TestCluster } from '../../testing/postgres/index.ts';
import { listPoints, stream, type StreamLine } from '../index.ts';
import { changed, makeStore } from '../testing/workspace.ts';
import { Bases } from './bases.ts';

const plan = `
lifeboat: 1
plan: tests
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: here } }
assets: { orders: { type: postgres, url: { env: LB_TEST_URL }, policy: p, domain: here } }
policies: { p: { to: [near], stream: { to: [near], every: 1s }, keep: { daily: 90d, pitr: 7d } } }
`;
const planWithCopies = plan
  .replace('domain: here } }\nassets', 'domain: here }, far: { type: fs, path: ./far, domain: safe } }\nassets')
  .replace(
    'to: [near], stream: { to: [near]',
    'to: [near], copy: { to: [far], within: 10m }, stream: { to: [near, far]',
  );
const missing = !(await installedMajors()).includes(15);
const soon = <T>(ask: () => T) => expect.poll(ask, { timeout: 30_000, interval: 100 });
type Streaming = Extract<StreamLine, { state: 'streaming' | 'waiting' | 'resumed' | 'finding' }>;

interface Scene {
  readonly cluster: TestCluster;
  readonly workspace: OpenWorkspace;
  readonly lines: readonly StreamLine[];
  readonly streaming: () => Streaming[];
  readonly done: Promise<void>;
}

/** A stream that begins without a point, of a server that keeps little log; `putPoint` goes before each point comes into the store. */
async function withStream(putPoint: () => Promise<void>, work: (scene: Scene) => Promise<void>): Promise<void> {
  const settings = { max_slot_wal_keep_size: '256MB', max_wal_size: '4MB', min_wal_size: '2MB', wal_keep_size: '0' };
  const cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'], settings });
  try {
    await cluster.sql(`create role guest login replication password 'guest'`);
    await cluster.sql('grant pg_monitor, pg_read_all_settings to guest');
    process.env['LB_TEST_PASS'] = 'a passphrase for tests';
    process.env['LB_TEST_URL'] = cluster.urlOf('guest', 'guest');
    const planFile = join(cluster.folder, 'lifeboat.yaml');
    await writeFile(planFile, plan);
    await makeStore(join(cluster.folder, 'near'));
    const wrapStore = (store: Store): Store =>
      changed(store, {
        put: async (name, ...words) => {
          if (name.startsWith('points/')) await putPoint();
          return store.put(name, ...words);
        },
      });
    const stateFolder = join(cluster.folder, 'state');
    const workspace = await openWorkspace({ planFile, stateFolder, progress: silentProgress, wrapStore });
    const lines: StreamLine[] = [];
    const ending = new AbortController();
    const done = stream(workspace, { assets: [], say: (line) => void lines.push(line), signal: ending.signal });
    done.catch(() => {}); // whoever waits for it hears it
    const streaming = (): Streaming[] => lines.flatMap((line) => (line.state === 'streaming' ? [line] : []));
    try {
      await work({ cluster, workspace, lines, streaming, done });
    } finally {
      ending.abort();
      await done.catch(() => {}); // a test looks for itself
      await workspace.close();
    }
  } finally {
    await cluster.destroy();
  }
}

describe.skipIf(missing)(
  `a log that no recovery point leads to yet${missing ? ' (skipped: no PostgreSQL 15)' : ''}`,
  () => {
    it('is no protection: what could be lost is not known, with the reason, until the point is there', async () => {
      const gate = Promise.withResolvers<void>();
      await withStream(
        () => gate.promise,
        async ({ streaming }) => {
          await soon(() => streaming().filter(({ stores }) => stores[0]?.durable !== undefined).length).toBeGreaterThan(
            1,
          );
          for (const line of streaming()) {
            expect(line.stores[0]).not.toHaveProperty('completeToMs');
            expect(line.reason).toBe('no recovery point is there yet');
          }
          gate.resolve();
          await soon(() => streaming().at(-1)?.stores[0]?.completeToMs).toBeGreaterThan(0);
          expect(streaming().at(-1)).not.toHaveProperty('reason');
        },
      );
    });

    it('still is none when the point that was being taken ended before the gap: another one is taken, and nothing is known until then', async () => {
      const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const gates = [first, second];
      let put = 0;
      const putPoint = (): Promise<void> => gates[put++]?.promise ?? Promise.resolve();
      await withStream(putPoint, async ({ cluster, workspace, lines, streaming }) => {
        // The server has given the point away, the store does not have it yet; now the log behind it is lost.
        await soon(() => put).toBe(1);
        await soon(() => streaming().at(-1)?.stores[0]?.durable).toBeDefined();
        await cluster.sql('alter role guest connection limit 0');
        await cluster.sql(`select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'guest'`);
        await soon(() =>
          cluster.sql(`select pg_drop_replication_slot('lifeboat_orders')`).then(() => 'dropped', String),
        ).toBe('dropped');
        for (let round = 0; round < 4; round += 1) {
          await cluster.sql(`select pg_logical_emit_message(true, 'noise', repeat('x', 700000))`);
          await cluster.sql('select pg_switch_wal()');
          await cluster.sql('checkpoint');
        }
        await cluster.sql('alter role guest connection limit -1');
        await soon(() =>
          lines.some((line) => line.state === 'finding' && /no longer has/.test(line.reason ?? '')),
        ).toBe(true);
        const seen = lines.length;
        first.resolve();
        await soon(() => put).toBe(2);
        await systemClock.sleep(6_000);
        const later = lines.slice(seen).filter(({ state }) => state === 'streaming');
        expect(later).not.toEqual([]);
        for (const line of later) expect(line.stores[0]).not.toHaveProperty('completeToMs');
        second.resolve();
        await soon(() => streaming().at(-1)?.stores[0]?.completeToMs).toBeGreaterThan(0);
        // Whoever looks later finds what was lost; that there was no point yet was no loss.
        expect(workspace.journal.records({ kinds: ['stream.gap'] }).map(({ data }) => data)).toEqual([
          {
            intent: expect.any(Number),
            asset: 'orders',
            reason: expect.stringMatching(/the server no longer has its log from 0\/.* to 0\/.* are lost$/),
          },
        ]);
      });
    });

    it('an error of the stream that waiting does not mend is not waited for by a point that fails again and again', async () => {
      let puts = 0;
      const putPoint = async (): Promise<void> => {
        puts += 1;
        throw new Error('no point comes into this store');
      };
      await withStream(putPoint, async ({ cluster, lines, done }) => {
        await soon(() =>
          lines.some((line) => line.state === 'base' && /failed, and is tried again/.test(line.reason)),
        ).toBe(true);
        expect(puts).toBeGreaterThan(0);
        await cluster.sql('alter role guest nologin');
        await cluster.sql(`select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'guest'`);
        const ended = await Promise.race([
          done.catch((error: unknown) => error),
          systemClock.sleep(20_000).then(() => 'goes on for ever'),
        ]);
        expect(ended).toMatchObject({ code: 'asset.denied' });
      });
    });

    it('in a store that gets its points as copies is no protection there alone until the new one is, which is tried again', async () => {
      const cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
      try {
        process.env['LB_TEST_PASS'] = 'a passphrase for tests';
        process.env['LB_TEST_URL'] = cluster.url;
        const planFile = join(cluster.folder, 'lifeboat.yaml');
        await writeFile(planFile, planWithCopies);
        await makeStore(join(cluster.folder, 'near'));
        const far = await openFsStore(join(cluster.folder, 'far'), true);
        await joinRepository(await openFsStore(join(cluster.folder, 'near'), false), far);
        let isAway = true;
        const wrapStore = (store: Store): Store =>
          changed(store, {
            put: async (name, ...words) => {
              if (isAway && store.location.endsWith('far')) throw new LifeboatError('store.unreachable', 'far is away');
              return store.put(name, ...words);
            },
          });
        const stateFolder = join(cluster.folder, 'state');
        const opened = await openWorkspace({ planFile, stateFolder, progress: silentProgress, wrapStore });
        const again = Promise.withResolvers<void>();
        let sleptMs = 0;
        const clock: Clock = {
          now: () => systemClock.now(),
          elapsed: () => sleptMs,
          sleep: async (ms, signal) => {
            signal?.throwIfAborted();
            const woken = new Promise((_, reject) => {
              signal?.addEventListener('abort', () => reject(signal.reason));
            });
            await Promise.race([again.promise, woken]);
            sleptMs += ms;
          },
        };
        const said: string[] = [];
        const bases = new Bases({
          workspace: { ...opened, clock },
          asset: 'orders',
          placeOf: (facts) => opened.asset('orders').log?.baseOf(facts),
          say: ({ reason }) => void said.push(reason),
          signal: new AbortController().signal,
        });
        try {
          const [inNear, inFar] = ['near', 'far'].map((store) => ({ store, completeToMs: 1 }));
          const state = { state: 'streaming', stores: [inNear, inFar] } as LogStreamState;
          bases.take({ reason: 'no recovery point is there yet', isLedToBy: () => true });
          await soon(() => said.at(-1)).toBe('the new recovery point is not in far yet');
          expect(bases.shown(state)).toMatchObject({ reason: said.at(-1) });
          expect(bases.shown(state).stores).toEqual([inNear, { store: 'far' }]);
          isAway = false;
          again.resolve();
          await soon(() => bases.shown(state)).toEqual(state);
          const { points } = await listPoints(opened, 'orders');
          expect(points.map(({ stores }) => stores)).toEqual([['near', 'far']]);
        } finally {
          await bases.end();
          await opened.close();
        }
      } finally {
        await cluster.destroy();
      }
    });

    it('in a store that has the log and no point is none, whether points are copied there or go elsewhere: a new stream does not forget it', async () => {
      const cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
      try {
        process.env['LB_TEST_PASS'] = 'a passphrase for tests';
        process.env['LB_TEST_URL'] = cluster.url;
        const planFile = join(cluster.folder, 'lifeboat.yaml');
        await makeStore(join(cluster.folder, 'near'));
        const far = await openFsStore(join(cluster.folder, 'far'), true);
        await joinRepository(await openFsStore(join(cluster.folder, 'near'), false), far);
        const stateFolder = join(cluster.folder, 'state');
        const streamed = async (text: string, isWanted: (line: Streaming) => boolean): Promise<Streaming> => {
          await writeFile(planFile, text);
          const workspace = await openWorkspace({ planFile, stateFolder, progress: silentProgress });
          const ending = new AbortController();
          const wanted = Promise.withResolvers<Streaming>();
          const say = (line: StreamLine): void => {
            if (line.state === 'streaming' && isWanted(line)) wanted.resolve(line);
          };
          const done = stream(workspace, { assets: [], say, signal: ending.signal });
          try {
            return await Promise.race([wanted.promise, done.then(() => Promise.reject(new Error('it ended')))]);
          } finally {
            ending.abort();
            await done;
            await workspace.close();
          }
        };
        const known = ({ stores }: Streaming): string[] =>
          stores.flatMap(({ store, completeToMs }) => (completeToMs === undefined ? [] : [store]));
        const isFound = (line: Streaming): boolean =>
          line.stores.every(({ durable }) => durable !== undefined) && known(line).includes('near');

        const elsewhere = planWithCopies.replace('copy: { to: [far], within: 10m }, ', '');
        const reason = 'no recovery point of orders comes into far, and nothing can be restored from the log alone';
        for (const round of ['first', 'again']) {
          const line = await streamed(elsewhere, (one) => isFound(one) && one.reason === reason);
          expect([round, known(line)]).toEqual([round, ['near']]);
        }
        // One point is enough: it is copied, and no other one is taken.
        const copied = await streamed(planWithCopies, (line) => known(line).length === 2);
        expect(copied).not.toHaveProperty('reason');
        const workspace = await openWorkspace({ planFile, stateFolder, progress: silentProgress });
        const { points } = await listPoints(workspace, 'orders');
        await workspace.close();
        expect(points.map(({ stores }) => stores)).toEqual([['near', 'far']]);
      } finally {
        await cluster.destroy();
      }
    });
  },
);
