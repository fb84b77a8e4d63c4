import { describe, expect, test } from 'vitest';
import { EntryLines } from './entry-lines.ts';

describe('lines of an entry list', () => {
  test('come in the order in which they were added, however long each takes, and none is left behind', async () => {
    let taken = '';
    const lines = new EntryLines(async (some) => void (taken += some.toString()));
    const late = Promise.withResolvers<string>();
    const expected = Array.from({ length: 3_000 }, (_, number) => `${number} ${'x'.repeat(number % 200)}\n`);
    expected.forEach((line, number) => {
      if (number === 1_000) lines.add(late.promise);
      else if (number % 3 === 0) lines.add(async () => line);
      else lines.add(line);
    });
    const done = lines.done();
    late.resolve(expected[1_000] as string);
    await done;
    expect(taken).toBe(expected.join(''));
    lines.add('one more\n');
    await lines.done();
    expect(taken).toBe(`${expected.join('')}one more\n`);
  });

  test('that could not be handed on are missing for good: whoever asks again hears so, too', async () => {
    let left = 1;
    const lines = new EntryLines(async () => {
      left -= 1;
      if (left >= 0) throw new Error('no room');
    });
    lines.add('the first\n');
    await expect(lines.done()).rejects.toThrow('no room');
    lines.add('the second\n');
    await expect(lines.room()).rejects.toThrow('no room');
    await expect(lines.done()).rejects.toThrow('no room');
  });
});
