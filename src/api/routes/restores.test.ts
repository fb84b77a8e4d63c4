import { expect, it } from 'vitest';
import type { RestorePlan } from '../../operations/index.ts';
import { stepsOf } from './restores.ts';

it('a dry run says what happens with the log: along it, nothing because the point alone was named, or nothing because none leads on', () => {
  const point = { id: 'p1', atMs: Date.parse('2026-11-22T12:00:00Z') } as RestorePlan['point'];
  const request = { asset: 'orders', target: '/srv/orders', start: false, stay: true };
  const wordsOf = (more: Partial<RestorePlan>): string | undefined =>
    stepsOf({ point, request, target: '/srv/orders', ...more }).find(({ what }) => what === 'replay')?.words;
  expect(wordsOf({ replay: { from: '0/1', upTo: '0/2', to: '0/3' } as NonNullable<RestorePlan['replay']> })).toBe(
    'the log leads from 0/1 to 0/2 without a gap',
  );
  expect(wordsOf({ alone: 'named' })).toMatch(
    /^nothing: the point alone was asked for, and it ends at 2026-11-22T12:00/,
  );
  expect(wordsOf({ alone: 'no log' })).toMatch(
    /^nothing: no log leads on from the point, which ends at 2026-11-22T12:00/,
  );
  // An asset that keeps no log has no word of one.
  expect(wordsOf({})).toBeUndefined();
});
