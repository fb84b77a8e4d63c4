import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LifeboatError, limits } from '../core/index.ts';
import type { Journal } from '../journal/index.ts';
import type { Hands, Outcome } from './index.ts';
import { backupOf, BenchFolder, dayMs, done, taskOf, type Bench } from './testing/bench.ts';

let folder: BenchFolder;
beforeEach(() => void (folder = new BenchFolder()));
afterEach(() => folder.remove());

const minuteMs = 60_000;
/** Hands that note what began and do as they are told. */
function noted(act: (id: string, signal: AbortSignal) => Promise<Outcome> = async () => done): {
  hands: Hands;
  began: string[];
} {
  const began: string[] = [];
  return {
    began,
    hands: (task, { signal }) => {
      began.push(task.id);
      return act(task.id, signal);
    },
  };
}
const forEver = (_: string, signal: AbortSignal): Promise<Outcome> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
const full = (): never => {
  throw new LifeboatError('disk.full', 'no space left on device');
};
const kindsIn = ({ journal }: Bench): string[] => journal.records({ kinds: ['schedule.*'] }).map(({ kind }) => kind);

describe('the scheduler', () => {
  it('writes down that it begins before it begins, and how it ended', async () => {
    let bench: Bench | undefined;
    const seen: string[][] = [];
    const { hands } = noted(async () => {
      seen.push(kindsIn(bench as Bench));
      return done;
    });
    bench = folder.start([backupOf('orders')], hands);
    await bench.pass(dayMs);
    expect(seen).toEqual([['schedule.adopted', 'schedule.started']]);
    const [, started, finished] = bench.journal.records({ kinds: ['schedule.*'] });
    expect(started?.data).toMatchObject({
      task: 'backup orders',
      missed: 0,
      dueMs: Date.parse('2026-01-06T02:00:00Z'),
    });
    expect(finished?.data).toMatchObject({ task: 'backup orders', state: 'done', words: 'as it should be' });
    await bench.stop();
  });

  it('keeps a schedule for a week to the turn', async () => {
    const { hands, began } = noted();
    const bench = folder.start([backupOf('orders'), backupOf('mail', 'every 6h')], hands);
    await bench.pass(7 * dayMs);
    expect(began.filter((id) => id === 'backup orders').length).toBe(7);
    expect(began.filter((id) => id === 'backup mail').length).toBe(28);
    expect(bench.ledger.of('backup mail').missed).toBe(0);
    await bench.stop();
  });

  it('does not begin a thing that is under way, and makes up for the turns it missed by one', async () => {
    let end: (outcome: Outcome) => void = () => {};
    const { hands, began } = noted(() => new Promise((resolve) => (end = resolve)));
    const bench = folder.start([backupOf('orders', 'every 1h')], hands);
    await bench.pass(5.5 * 60 * minuteMs);
    expect(began.length).toBe(1);
    end(done);
    await bench.pass(minuteMs);
    expect(began.length).toBe(2);
    expect(bench.events.findLast(({ event }) => event === 'began')).toMatchObject({ missed: 3 });
    end(done);
    await bench.pass(minuteMs);
    expect(began.length).toBe(2);
    await bench.stop();
  });

  it('after a sleep does what was due once, and is back on its schedule', async () => {
    const { hands, began } = noted();
    const first = folder.start([backupOf('orders', 'every 1h')], hands);
    await first.pass(60 * minuteMs);
    await first.stop();
    // A machine that sleeps: the wall clock moves on, nothing runs.
    await first.clock.advance(3 * dayMs);
    const second = folder.start([backupOf('orders', 'every 1h')], hands, { clock: first.clock });
    await second.pass(minuteMs);
    expect(began.length).toBe(2);
    expect(second.ledger.of('backup orders').missed).toBe(71);
    await second.pass(60 * minuteMs);
    expect(began.length).toBe(3);
    await second.stop();
  });

  it('that is killed in the middle of something does it again, and nothing that it had done', async () => {
    const { hands, began } = noted((id, signal) =>
      id === 'backup orders' ? forEver(id, signal) : Promise.resolve(done),
    );
    const tasks = [backupOf('orders'), backupOf('mail')];
    const first = folder.start(tasks, hands);
    await first.pass(dayMs);
    expect(began.toSorted()).toEqual(['backup mail', 'backup orders']);
    first.kill();
    const second = folder.start(tasks, hands, { clock: first.clock });
    expect(second.ledger.of('backup orders')).toMatchObject({ state: 'failed', failures: 1 });
    await second.pass(2 * minuteMs);
    expect(began.toSorted()).toEqual(['backup mail', 'backup orders', 'backup orders']);
    await second.stop();
  });

  it('tries again what failed, later each time, and not at all before its turn what is red', async () => {
    const failed: Outcome = { state: 'failed', words: 'away', code: 'store.unreachable', soon: true };
    const red: Outcome = { state: 'red', words: 'damaged', code: 'repository.damaged' };
    const { hands, began } = noted(async (id) => (id === 'backup orders' ? failed : red));
    const bench = folder.start([backupOf('orders'), taskOf({ kind: 'drill', drill: 'weekly' }, '1d at 02:00')], hands);
    await bench.pass(18 * 60 * minuteMs + minuteMs / 2);
    const counts: number[] = [];
    for (let minute = 0; minute < 8; minute += 1) {
      counts.push(began.filter((id) => id === 'backup orders').length);
      await bench.pass(minuteMs);
    }
    expect(counts).toEqual([1, 2, 2, 3, 3, 3, 3, 4]);
    expect(began.filter((id) => id === 'drill weekly').length).toBe(1);
    expect(bench.ledger.of('backup orders').failures).toBe(4);
    await bench.stop();
  });

  it('keeps what was found bad in sight while it is tried again and fails, until it is done', async () => {
    const red: Outcome = { state: 'red', words: 'damaged', code: 'repository.damaged' };
    const away: Outcome = { state: 'failed', words: 'away', code: 'store.unreachable', soon: true };
    const outcomes = [red, away, done];
    const { hands } = noted(async () => outcomes.shift() ?? done);
    const bench = folder.start(
      [taskOf({ kind: 'verify', policy: 'daily', assets: [] }, 'every 1d', { id: 'verify daily' })],
      hands,
    );
    const isRed: boolean[] = [];
    for (let tries = 0; tries < 3; tries += 1) {
      const before = outcomes.length;
      for (let steps = 0; steps < 3000 && outcomes.length === before; steps += 1) await bench.pass(minuteMs);
      isRed.push(bench.ledger.of('verify daily').redMs !== undefined);
    }
    expect(isRed).toEqual([true, true, false]);
    await bench.stop();
  });

  it('writes down what it could not write as soon as it can, and shows its trouble until then', async () => {
    let isFull = false;
    const wrap = (journal: Journal): Journal =>
      new Proxy(journal, {
        get: (of, name) => (name === 'append' && isFull ? full : Reflect.get(of, name).bind(of)),
      });
    const { hands, began } = noted(async () => ((isFull = true), done));
    const bench = folder.start([backupOf('orders')], hands, { wrap });
    await bench.pass(18 * 60 * minuteMs + 30 * minuteMs);
    expect(bench.scheduler.health().trouble?.code).toBe('disk.full');
    isFull = false;
    await bench.pass(minuteMs);
    expect(bench.scheduler.health().trouble).toBeUndefined();
    expect(kindsIn(bench)).toEqual(['schedule.adopted', 'schedule.started', 'schedule.finished']);
    expect(began).toEqual(['backup orders']);
    await bench.stop();
  });

  it('leaves to others what they do already, and does not do again what they have done', async () => {
    const busy: Outcome = { state: 'failed', words: 'already under way', code: 'operation.busy', soon: true };
    const { hands, began } = noted(async () => busy);
    const bench = folder.start([backupOf('orders')], hands);
    await bench.pass(18 * 60 * minuteMs + 5.5 * minuteMs);
    expect(began.length).toBe(6);
    expect(bench.ledger.of('backup orders').failures).toBe(0);
    bench.journal.append('backup.finished', { asset: 'orders', store: 'near', bytes: 1 });
    await bench.pass(10 * minuteMs);
    expect(began.length).toBe(6);
    await bench.stop();
  });

  it('says of a job that hangs that it does, ends it in the end, and tries again', async () => {
    const { hands, began } = noted(forEver);
    const bench = folder.start([backupOf('orders')], hands);
    await bench.pass(1.5 * dayMs);
    const kinds = bench.events.map(({ event }) => event);
    expect(kinds.slice(0, 3)).toEqual(['began', 'silent', 'ended']);
    const ended = bench.events.find((event) => event.event === 'ended');
    expect(ended).toMatchObject({ outcome: { state: 'failed', code: 'operation.silent' } });
    expect(began.length).toBeGreaterThan(1);
    expect(kindsIn(bench)).toContain('schedule.silent');
    await bench.stop();
  });

  it('lets what comes often not wait behind a night full of backups', async () => {
    let bench: Bench | undefined;
    const { hands, began } = noted(async () => {
      await (bench as Bench).clock.sleep(minuteMs);
      return done;
    });
    const nightly = Array.from({ length: 60 }, (_, n) => backupOf(`nightly${n}`));
    bench = folder.start([...nightly, backupOf('often', '5m')], hands, { jobsAtOnce: 2 });
    await bench.pass(18 * 60 * minuteMs);
    began.length = 0;
    await bench.pass(40 * minuteMs);
    expect(began.filter((id) => id === 'backup often').length).toBe(8);
    expect(began.length).toBeGreaterThan(60);
    expect(bench.ledger.of('backup often').missed).toBe(0);
    await bench.stop();
  });

  it('lets what is done wake what waits for it', async () => {
    const { hands, began } = noted();
    const copy = taskOf({ kind: 'copy', from: 'near', to: 'far' }, '');
    const bench = folder.start([backupOf('orders', '1d at 02:00', { wakes: [copy.id] }), copy], hands);
    await bench.pass(dayMs);
    expect(began).toEqual(['backup orders', 'copy near far']);
    await bench.stop();
  });

  it('begins nothing that it cannot write down, says so, and goes on when it can', async () => {
    let isFull = false;
    const wrap = (journal: Journal): Journal =>
      new Proxy(journal, {
        get: (target, key) => {
          if (key === 'append' && isFull)
            return () => {
              throw new LifeboatError('disk.full', 'the disk of the journal is full');
            };
          const value: unknown = Reflect.get(target, key);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    const { hands, began } = noted();
    const bench = folder.start([backupOf('orders')], hands, { wrap });
    isFull = true;
    await bench.pass(dayMs);
    expect(began).toEqual([]);
    expect(bench.scheduler.health().trouble?.code).toBe('disk.full');
    expect(bench.events.filter(({ event }) => event === 'trouble').length).toBe(1);
    isFull = false;
    await bench.pass(minuteMs);
    expect(began).toEqual(['backup orders']);
    expect(bench.scheduler.health().trouble).toBeUndefined();
    await bench.stop();
  });

  it('ends in its time, with what stops when it is told to noted as stopped, and what does not named', async () => {
    const { hands } = noted((id, signal) => (id === 'backup deaf' ? new Promise(() => {}) : forEver(id, signal)));
    const bench = folder.start([backupOf('deaf'), backupOf('orders')], hands);
    await bench.pass(18 * 60 * minuteMs + minuteMs);
    expect(await bench.stop()).toEqual(['backup deaf']);
    expect(bench.ledger.of('backup orders')).toMatchObject({ state: 'stopped', failures: 0 });
    expect(bench.ledger.of('backup deaf')).toMatchObject({ state: 'begun' });
  });

  it('goes on with tasks that a new plan keeps, and forgets those that it has no more', async () => {
    const { hands, began } = noted();
    const bench = folder.start([backupOf('orders'), backupOf('mail')], hands);
    await bench.pass(dayMs);
    bench.scheduler.use([backupOf('orders', 'every 6h'), backupOf('new', '1d at 02:00', { atOnce: true })]);
    began.length = 0;
    await bench.pass(dayMs);
    expect(began.filter((id) => id === 'backup mail')).toEqual([]);
    // At 08:00 for the turn of 06:00, then at 12:00, 18:00, 00:00 and 06:00.
    expect(began.filter((id) => id === 'backup orders').length).toBe(5);
    expect(began.filter((id) => id === 'backup new').length).toBe(2);
    await bench.stop();
  });

  it('with a clock that is set back by a day does not wait until it has caught up', async () => {
    const { hands, began } = noted();
    const bench = folder.start([backupOf('orders', 'every 1h')], hands);
    await bench.pass(2 * 60 * minuteMs);
    const now = bench.clock.now.bind(bench.clock);
    bench.clock.now = () => now() - dayMs;
    await bench.pass(61 * minuteMs);
    expect(began.length).toBe(3);
    await bench.stop();
  });

  it('has a heart that is seen to stop', async () => {
    const { hands } = noted();
    const bench = folder.start([backupOf('orders')], hands);
    await bench.pass(10 * minuteMs);
    expect(bench.scheduler.health().tickSeconds * 1000).toBeLessThanOrEqual(limits.tickMs);
    await bench.stop();
    await bench.clock.advance(10 * minuteMs);
    expect(bench.scheduler.health().tickSeconds * 1000).toBeGreaterThan(limits.tickSilentMs);
  });
});
