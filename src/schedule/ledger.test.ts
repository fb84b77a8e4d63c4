import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backupOf, BenchFolder, done, taskOf } from './testing/bench.ts';

let folder: BenchFolder;
beforeEach(() => void (folder = new BenchFolder()));
afterEach(() => folder.remove());

describe('what was done by whomever', () => {
  it('counts as read back only where bytes were read, and as copied only where all was copied', async () => {
    const { journal, ledger, stop } = folder.start([], async () => done);
    const known = (): unknown[] => [ledger.verified.has('near'), ledger.copied.has('far')];
    journal.append('verify.finished', { store: 'near', ok: true, depth: 'structure' });
    journal.append('copy.finished', { from: 'near', to: 'far', only: ['a point that a prune moved'] });
    ledger.refresh();
    expect(known()).toEqual([false, false]);
    journal.append('verify.finished', { store: 'near', ok: false, depth: 'points' });
    ledger.refresh();
    expect(known()).toEqual([false, false]);
    journal.append('verify.finished', { store: 'near', ok: true, depth: 'sampled' });
    journal.append('copy.finished', { from: 'near', to: 'far' });
    ledger.refresh();
    expect(known()).toEqual([true, true]);
    await stop();
  });
});

describe('what was under way when whoever did it was killed', () => {
  const tasks = [
    backupOf('docs', '1d at 02:00'),
    backupOf('mail', '1d at 02:00'),
    taskOf({ kind: 'prune', store: 'near' }, '1d at 04:30'),
    taskOf({ kind: 'drill', drill: 'back' }, '1d at 05:00'),
  ];

  it('is done where its own record says so, and not done twice; what only had begun is tried again soon', async () => {
    const first = folder.start([], async () => done);
    for (const { id } of tasks) first.journal.append('schedule.started', { task: id });
    await first.pass(1000);
    first.journal.append('backup.finished', { asset: 'docs', store: 'near', bytes: 1 });
    first.journal.append('prune.finished', { store: 'near' });
    first.journal.append('drill.finished', { drill: 'back', verdict: 'pass' });
    first.kill();
    const { ledger, stop } = folder.start(tasks, async () => done);
    const states = tasks.map(({ id }) => [id, ledger.of(id).state, ledger.of(id).againMs !== undefined]);
    expect(states).toEqual([
      ['backup docs', 'done', false],
      ['backup mail', 'failed', true],
      ['prune near', 'done', false],
      // A drill is over with its report.
      ['drill back', 'failed', true],
    ]);
    await stop();
  });

  it('is not done by what took place before it began', async () => {
    const first = folder.start([], async () => done);
    first.journal.append('backup.finished', { asset: 'docs', store: 'near', bytes: 1 });
    await first.pass(60_000);
    first.journal.append('schedule.started', { task: 'backup docs' });
    first.kill();
    const { ledger, stop } = folder.start(tasks, async () => done);
    expect(ledger.of('backup docs').state).toBe('failed');
    await stop();
  });
});
