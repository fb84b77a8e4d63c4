import { expect, it } from 'vitest';
import { systemCalls } from '../../core/index.ts';
import { skippedFor } from '../../testing/skipped.ts';
import { spareMemory } from './writing-memory.ts';

const blocks = 40;
const blockBytes = 3 * 2 ** 20;
const missing = systemCalls() === undefined ? 'no calls of the system here' : undefined;

it.skipIf(missing !== undefined)(
  `while anyone writes, a large block goes back to the system when it is freed${skippedFor(missing)}`,
  () => {
    // What the C library comes to when blocks like these were freed.
    systemCalls()?.mapBlocksFrom(32 * 2 ** 20);
    const end = spareMemory();
    const before = process.memoryUsage.rss();
    const pairs = Array.from({ length: blocks }, () => ({
      large: Buffer.allocUnsafeSlow(blockBytes).fill(1),
      // Between them, so that what was freed is not at the end of the heap.
      small: Buffer.allocUnsafeSlow(2 ** 16).fill(1),
    }));
    expect(process.memoryUsage.rss() - before).toBeGreaterThan((blocks * blockBytes) / 2);
    for (const { large } of pairs) large.buffer.transfer(0);
    expect(process.memoryUsage.rss() - before).toBeLessThan((blocks * blockBytes) / 4);
    expect(pairs.every(({ small }) => small[0] === 1)).toBe(true); // they live until here
    end();
  },
);

it('large blocks go back from the first writer to the end of the last, each of which may say twice that it ended', () => {
  const from: number[] = [];
  const calls = { mapBlocksFrom: (bytes: number) => void from.push(bytes / 2 ** 20) };
  const [end, endOther] = [spareMemory(calls), spareMemory(calls)];
  end();
  end();
  expect(from).toEqual([2]);
  endOther();
  expect(from).toEqual([2, 32]);
});
