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

it.skipIf(missing !== undefined)(
  `who reads afterwards uses the memory of a large block again, which costs a fault for each of its pages otherwise${skippedFor(missing)}`,
  () => {
    spareMemory()();
    const largeBytes = 16 * 2 ** 20;
    const use = (): void => void Buffer.allocUnsafeSlow(largeBytes).fill(1).buffer.transfer(0);
    use();
    const before = process.resourceUsage().minorPageFault;
    for (let again = 0; again < 10; again += 1) use();
    const pages = (10 * largeBytes) / 4096;
    expect(process.resourceUsage().minorPageFault - before).toBeLessThan(pages / 4);
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
