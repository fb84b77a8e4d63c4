import { expect, it } from 'vitest';
import type { Journal } from '../../journal/index.ts';
import { LifeboatError } from '../../core/index.ts';
import { Gaps } from './gaps.ts';

const isLedToBy = (): boolean => false;

it('a gap is written down once, and a journal that takes nothing now does not end the stream: it is written when the stream says it again', () => {
  const written: unknown[] = [];
  let isFull = true;
  const append = (kind: string, data: unknown): void => {
    if (isFull) throw new LifeboatError('disk.full', 'no space is left');
    written.push([kind, data]);
  };
  const gaps = new Gaps({ append } as unknown as Pick<Journal, 'append'>, { intent: 7, asset: 'orders' });
  const gap = { reason: 'log is lost', store: 'far', isLedToBy };
  gaps.note(gap);
  isFull = false;
  for (let again = 0; again < 2; again += 1) gaps.note(gap);
  gaps.note({ reason: 'no point is there yet', isWhole: true, isLedToBy });
  expect(written).toEqual([['stream.gap', { intent: 7, asset: 'orders', store: 'far', reason: 'log is lost' }]]);
});
