import { expect, it } from 'vitest';
import { choiceBy, meant, type Choice } from './ui/rooms/points/choice.ts';

/** Newest first. */
const line = (...ids: readonly string[]): { id: string }[] => ids.map((id) => ({ id }));
const shown = line('new', 'middle', 'old');

it('the keys of the time line go to its ends and from point to point, and stop at the ends', () => {
  const keys = (chosen: string | undefined): (Choice | undefined)[] =>
    ['Home', 'End', 'ArrowLeft', 'ArrowRight', 'Enter'].map((key) => choiceBy(key, shown, chosen));
  const [new_, middle, old] = shown;
  expect(keys(undefined)).toEqual([old, new_, new_, new_, undefined]);
  expect(keys('new')).toEqual([old, new_, middle, undefined, undefined]);
  expect(keys('middle')).toEqual([old, new_, old, new_, undefined]);
  expect(keys('old')).toEqual([old, new_, undefined, middle, undefined]);
});

it('a key that is pressed on a list that has no points yet means the point that comes there', () => {
  const wanted = choiceBy('End', [], undefined);
  expect(wanted).toEqual({ end: 'newest' });
  expect(meant({ end: 'newest' }, [])).toEqual(wanted);
  expect(meant({ end: 'newest' }, shown)).toEqual({ id: 'new' });
  expect(meant({ end: 'oldest' }, shown)).toEqual({ id: 'old' });
  expect(choiceBy('ArrowLeft', [], undefined)).toBeUndefined();
});

it('what was chosen stays chosen when newer points come, when it moves in the list and when it is gone; keys act on what is shown now', () => {
  const chosen = meant({ end: 'newest' }, shown);
  const newer = line('newer', 'new', 'middle', 'old');
  expect(meant(chosen, newer)).toBe(chosen);
  expect(meant(chosen, line('middle'))).toBe(chosen);
  expect(choiceBy('ArrowRight', newer, 'new')).toEqual({ id: 'newer' });
  expect(choiceBy('ArrowLeft', newer, 'new')).toEqual({ id: 'middle' });
  expect(choiceBy('End', newer, 'new')).toEqual({ id: 'newer' });
  // Removed meanwhile: the keys begin anew.
  expect(choiceBy('ArrowRight', line('middle', 'old'), 'new')).toEqual({ id: 'middle' });
});
