import { expect, it } from 'vitest';
import { LogWindow } from './window.ts';

const cell = 64 * 2 ** 10;

it('what a store that was given up may still read is written over by nothing, though others need it longer', () => {
  const window = new LogWindow(1, 0n, cell);
  for (const [index, byte] of [1, 2, 3].entries()) window.add(BigInt(index * cell), Buffer.alloc(cell, byte));
  const { bytes } = window.part({ timeline: 1, start: BigInt(cell), end: BigInt(2 * cell) });
  window.dropBefore(BigInt(cell), true);
  window.dropBefore(BigInt(3 * cell));
  for (const index of [3, 4, 5]) window.add(BigInt(index * cell), Buffer.alloc(cell, 9));
  expect(bytes.equals(Buffer.alloc(cell, 2))).toBe(true);
});

it('memory that nobody reads any more is used again', () => {
  const window = new LogWindow(1, 0n, cell);
  window.add(0n, Buffer.alloc(cell, 1));
  const { bytes } = window.part({ timeline: 1, start: 0n, end: BigInt(cell) });
  window.dropBefore(BigInt(cell));
  window.add(BigInt(cell), Buffer.alloc(cell, 2));
  expect(bytes.equals(Buffer.alloc(cell, 2))).toBe(true);
});

it('all the memory of a burst is used again by the next, so that one after the other they hold no more than one alone', () => {
  const window = new LogWindow(1, 0n, cell);
  const memory = new Set<ArrayBufferLike>();
  for (let burst = 0; burst < 3; burst += 1) {
    for (let index = 5 * burst; index < 5 * (burst + 1); index += 1) {
      window.add(BigInt(index * cell), Buffer.alloc(cell, 1));
      const at = { timeline: 1, start: BigInt(index * cell), end: BigInt((index + 1) * cell) };
      memory.add(window.part(at).bytes.buffer as ArrayBufferLike);
    }
    window.dropBefore(window.end);
  }
  expect(memory.size).toBe(5);
});
