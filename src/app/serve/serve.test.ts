import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LifeboatError, systemClock } from '../../core/index.ts';
import { openJournal } from '../../journal/index.ts';
import { changed, makeStore } from '../../operations/testing/workspace.ts';
import type { Store } from '../../stores/index.ts';
import type { ServeEvent } from './events.ts';
import type { ServeOptions, ServeReport } from './serve-options.ts';
import { serve } from './serve.ts';

const plan = `
lifeboat: 1
plan: served
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: safe } }
policies: { often: { every: 2s, to: [near] } }
assets: { docs: { type: files, path: ./docs, domain: here, policy: often } }
`;

let folder = '';
let stop = new AbortController();
let ended: Promise<ServeReport> | undefined;
let events: ServeEvent[] = [];
beforeEach(async () => {
  process.env['LB_TEST_PASS'] = 'a passphrase for tests';
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-serve-'));
  await writeFile(join(folder, 'lifeboat.yaml'), plan);
  await mkdir(join(folder, 'docs'));
  await writeFile(join(folder, 'docs', 'a'), 'first');
  await makeStore(join(folder, 'near'));
  stop = new AbortController();
  events = [];
});
afterEach(async () => {
  stop.abort(new Error('the test is over'));
  await ended;
  await rm(folder, { recursive: true, force: true });
});

function begin(more: Partial<ServeOptions> = {}): void {
  const say = (event: ServeEvent): void => void events.push(event);
  const places = { planFile: join(folder, 'lifeboat.yaml'), stateFolder: join(folder, 'state') };
  ended = serve({ ...places, signal: stop.signal, say, ...more });
}
const until = async (wanted: (event: ServeEvent) => boolean, after = 0): Promise<ServeEvent> => {
  for (let tries = 0; tries < 1500; tries += 1) {
    const found = events.slice(after).find(wanted);
    if (found !== undefined) return found;
    await systemClock.sleep(40);
  }
  throw new Error(`never said; but ${JSON.stringify(events)}`);
};
const isDone = (event: ServeEvent): boolean => event.event === 'ended' && event.outcome.state === 'done';
const is = (name: ServeEvent['event']) => (event: ServeEvent) => event.event === name;

describe('who keeps a schedule', () => {
  it('and loses the hold of it in a store stops what it does, says so, and takes it again', async () => {
    let isAway = false;
    const wrapStore = (store: Store): Store =>
      changed(store, {
        put: async (name, ...rest) => {
          if (isAway && name.startsWith('leases/')) throw new LifeboatError('store.unreachable', 'away');
          return store.put(name, ...rest);
        },
      });
    begin({ wrapStore, leaseMs: 2000 });
    await until(isDone);
    isAway = true;
    const before = events.length;
    await until(is('lost'), before);
    const again = await until(is('keeping'), before);
    // No store can tell others now: on this machine the lock does.
    expect(again).toMatchObject({ stores: [], without: [expect.stringContaining('away')] });
    await until(isDone, events.length);
  });

  it('whose store is away begins all the same, tries again, and needs nobody when it is back', async () => {
    await rename(join(folder, 'near'), join(folder, 'away'));
    begin();
    const failed = await until(is('ended'));
    expect(failed).toMatchObject({ outcome: { state: 'failed', code: 'store.unreachable' } });
    await rename(join(folder, 'away'), join(folder, 'near'));
    await until(isDone);
  });

  it('leaves in the journal since when, what began and how it ended, and why it left', async () => {
    begin();
    await until(isDone);
    stop.abort(new LifeboatError('operation.cancelled', 'stopped by SIGTERM'));
    expect(await ended).toEqual({ left: [] });
    const journal = openJournal(join(folder, 'state', 'journal.db'), { clock: systemClock, host: 'test' });
    const kinds = journal.records({ kinds: ['schedule.*', 'backup.*'] }).map(({ kind }) => kind);
    const left = journal.records({ kinds: ['schedule.left'] }).at(-1);
    journal.close();
    expect(kinds.slice(0, 6)).toEqual([
      'schedule.kept',
      'schedule.adopted',
      'schedule.started',
      'backup.started',
      'backup.finished',
      'schedule.finished',
    ]);
    expect(left?.data).toMatchObject({ why: 'stopped by SIGTERM' });
  });
});
