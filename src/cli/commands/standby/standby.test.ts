import { expect, it } from 'vitest';
import { silentProgress } from '../../../core/index.ts';
import type { StandbyLine } from '../../../operations/index.ts';
import type { CommandContext } from '../../command.ts';
import { showStandby } from './standby.ts';

it('a standby that waits without a server says why, and nothing of how far it came, which nobody knows', () => {
  const notes: string[] = [];
  const progress = { ...silentProgress, note: (text: string) => void notes.push(text) };
  const line = { asset: 'orders', target: '/srv/orders', store: 'near', at: 0, state: 'waiting' } as const;
  const shown: StandbyLine = { ...line, reason: 'its disk is full (0 B free): it goes on when there is room' };
  showStandby({ json: false, progress } as CommandContext, shown);
  expect(notes).toEqual(['orders: waiting: its disk is full (0 B free): it goes on when there is room']);
});
