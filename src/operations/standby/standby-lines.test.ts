import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { holdLock } from '../../journal/index.ts';
import { isAtWork } from './standby-lines.ts';
import type { StandbyLine } from './standby.ts';

let stateFolder: string;
beforeEach(() => (stateFolder = mkdtempSync(join(tmpdir(), 'lifeboat-standby-lines-'))));
afterEach(() => rmSync(stateFolder, { recursive: true }));

const line = (state: 'seeding' | 'ended'): StandbyLine =>
  ({ asset: 'orders', at: 0, target: '/srv/orders', state, reason: 'there is none yet' }) as StandbyLine;

it('a standby in the making is at work as long as its process has the lock', () => {
  expect(isAtWork({ stateFolder }, line('seeding'))).toBe(false);
  const lock = holdLock(join(stateFolder, 'locks', 'standby-orders'), 'standby of orders');
  expect([isAtWork({ stateFolder }, line('seeding')), isAtWork({ stateFolder }, line('ended'))]).toEqual([true, false]);
  lock.release();
  expect(isAtWork({ stateFolder }, line('seeding'))).toBe(false);
});

it('to ask takes nothing: the process that makes a standby in that moment gets its lock', () => {
  expect(isAtWork({ stateFolder }, line('seeding'))).toBe(false);
  expect(readdirSync(stateFolder)).toEqual([]);
});

it('counts as silent where its lock cannot be asked, so that nothing else goes untold for it', () => {
  writeFileSync(join(stateFolder, 'locks'), 'no folder');
  expect(isAtWork({ stateFolder }, line('seeding'))).toBe(false);
});
