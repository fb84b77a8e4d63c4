import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../core/index.ts';
import { faulty } from '../../../stores/index.ts';
import { openShared } from '../../testing/leased.ts';
import { StoreLease, type Holder } from './store-lease.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lifeboat-lease-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a renewal whose answer was lost', () => {
  it('counts from the moment at which it was tried first: others have seen it since then', async () => {
    const clock = new ManualClock();
    const note = { target: 't', run: 'r', host: 'h', pid: 1, place: 'p', token: 'own', atMs: 0, lengthMs: 4000 };
    const target = 'a'.repeat(32);
    const holder: Holder = { clock, target, lengthMs: 4000, waiting: () => {}, note: () => note };
    const { signal } = new AbortController();
    const store = faulty(await openShared(folder), { fault: 'lostReply', at: 2, operations: ['put'] });
    const lease = await StoreLease.take(store, holder, signal);
    await clock.advance(1000);
    await expect(lease.renew(signal)).rejects.toMatchObject({ code: 'store.unreachable' });
    await clock.advance(2000);
    await lease.renew(signal);
    await clock.advance(1100);
    expect(lease.mayAct()).toBe(true);
    await clock.advance(200);
    expect(lease.mayAct()).toBe(false);
  });
});
