import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BenchFolder, done } from './testing/bench.ts';

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
