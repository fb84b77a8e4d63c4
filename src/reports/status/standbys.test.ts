import { describe, expect, it } from 'vitest';
import type { StandbyLine } from '../../operations/index.ts';
import type { StatusFacts } from './facts.ts';
import { standbysStatus } from './standbys.ts';

const nowMs = Date.parse('2026-11-21T12:00:00Z');
const line = (agoMs: number, more: object): StandbyLine =>
  ({ asset: 'orders', at: nowMs - agoMs, target: '/srv/orders', store: 'far', ...more }) as StandbyLine;
const statusOf = (said: StandbyLine, isAtWork = false) =>
  standbysStatus({ nowMs, standbys: [{ line: said, isAtWork }] } as unknown as StatusFacts)[0];

describe('the standby of an asset, in status', () => {
  it('that follows says how far it is behind, in bytes and seconds, and is no problem', () => {
    expect(statusOf(line(2_000, { state: 'following', behindBytes: 8192, behindSeconds: 1.5 }))).toMatchObject({
      state: 'following',
      behindBytes: 8192,
      behindSeconds: 1.5,
      problems: [],
    });
  });

  it('that says nothing any more is red, and falls behind as time goes by', () => {
    expect(statusOf(line(60_000, { state: 'following', behindBytes: 8192, behindSeconds: 1.5 }))).toMatchObject({
      state: 'silent',
      behindSeconds: 61.5,
      problems: [
        {
          code: 'standby',
          about: 'the standby of orders',
          words: 'has said nothing for 1 m, 8.2 kB behind',
          hint: 'lifeboat standby orders --to /srv/orders',
        },
      ],
    });
  });

  it('that waits is red, with what it waits for; what it does not say is not known', () => {
    const waits = statusOf(line(1_000, { state: 'waiting', reason: 'the store is away' }));
    expect(waits).toMatchObject({ state: 'waiting', problems: [{ words: 'waits: the store is away' }] });
    expect(waits?.behindBytes).toBeUndefined();
  });

  it('that is made for hours is no silent one, as long as a process is at work on it', () => {
    const seeding = line(7_200_000, { state: 'seeding', reason: 'there is none yet' });
    expect(statusOf(seeding, true)).toMatchObject({ state: 'seeding', problems: [] });
    expect(statusOf(seeding, false)).toMatchObject({ state: 'silent' });
  });
});
