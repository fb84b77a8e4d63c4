import { describe, expect, it } from 'vitest';
import { lossOf } from '../../bench/wal/loss.ts';

describe('what would be lost at each look', () => {
  it('is the time since the server had written no more than what is stored now', () => {
    const looks = Array.from({ length: 100 }, (_, at) => ({
      atMs: at * 100,
      written: BigInt(at * 10),
      stored: BigInt(Math.max(0, at - 5) * 10),
    }));
    expect(lossOf(looks)).toEqual({ p50Seconds: 0.5, p99Seconds: 0.5 });
  });

  it('is nothing while all that was written is stored, and shows a stall in its worst hundredth', () => {
    const looks = Array.from({ length: 1000 }, (_, at) => ({
      atMs: at * 100,
      written: BigInt(at),
      stored: BigInt(at > 950 && at < 980 ? 950 : at),
    }));
    expect(lossOf(looks)).toEqual({ p50Seconds: 0, p99Seconds: 2 });
  });
});
