import { describe, expect, test } from 'vitest';
import { liveHeapBytes } from '../../testing/live-heap.ts';
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

  test('that wait for another stay out of the heap of the garbage collector, and so does the text that they were cut from', async () => {
    let taken = 0;
    const lines = new EntryLines(async (some) => void (taken += some.length));
    const first = Promise.withResolvers<string>();
    lines.add(first.promise);
    const before = liveHeapBytes();
    // As of a list of which a hundredth changed: the lines between two changed files wait for the bundle of the first.
    for (let part = 0; part < 100; part += 1) {
      const text = Buffer.alloc(100_000, `${'x'.repeat(999)}\n`).toString('latin1');
      for (let at = 0; at < text.length; at += 1_000) lines.add(text.slice(at, at + 1_000));
      lines.add(Promise.resolve('changed\n'));
    }
    expect((liveHeapBytes() - before) / 2 ** 20).toBeLessThan(2);
    first.resolve('first\n');
    await lines.done();
    expect(taken).toBe(100 * 100_000 + 100 * 'changed\n'.length + 'first\n'.length);
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
