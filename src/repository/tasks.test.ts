import { assert, asyncProperty, integer } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Gate, inLanes } from './tasks.ts';

test('who waits at a gate can be called off, and keeps nobody behind from entering', async () => {
  const gate = new Gate(1);
  await gate.enter();
  const stop = new AbortController();
  const [first, second] = [gate.enter(stop.signal), gate.enter()];
  stop.abort(new Error('called off'));
  await expect(first).rejects.toThrow('called off');
  gate.leave();
  await second;
  await expect(gate.enter(stop.signal)).rejects.toThrow('called off');
});

describe('work in lanes', () => {
  test('is done once for each item, however many lanes there are', async () => {
    await assert(
      asyncProperty(
        integer({ min: 0, max: 40 }),
        integer({ min: 1, max: 5 }),
        integer({ min: 1, max: 3 }),
        async (count, lanes, width) => {
          const done: number[] = [];
          const running = new Map<number, number>();
          await inLanes(
            Array.from({ length: count }, (_, i) => i),
            lanes,
            width,
            async (item, lane) => {
              running.set(lane, (running.get(lane) ?? 0) + 1);
              expect(running.get(lane)).toBeLessThanOrEqual(width);
              await Promise.resolve();
              running.set(lane, (running.get(lane) as number) - 1);
              done.push(item);
            },
          );
          expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        },
      ),
    );
  });

  test('begins at both ends of the list', async () => {
    const first: number[] = [];
    await inLanes([0, 1, 2, 3, 4, 5], 2, 1, async (item, lane) => void (first[lane] ??= item));
    expect(first).toEqual([0, 5]);
  });

  test('ends with the first error, when nothing runs any more', async () => {
    let begun = 0;
    const working = inLanes([1, 2, 3, 4, 5, 6, 7, 8], 2, 1, async (item) => {
      begun += 1;
      await Promise.resolve();
      if (item === 1) throw new Error('no room');
    });
    await expect(working).rejects.toThrow('no room');
    expect(begun).toBeLessThan(8);
  });
});
