import { describe, expect, it } from 'vitest';
import { Lag } from './lag.ts';

describe('how long a standby is behind its store', () => {
  it('is nothing when it has replayed all that is there, however old the last commit is', () => {
    expect(new Lag().secondsBehind({ behindBytes: 0, listedMs: 99_000, knownMs: 10_000, nowMs: 100_000 })).toBe(0);
  });

  it('counts from when it last had all, not from the last commit of a quiet source', () => {
    const lag = new Lag();
    lag.secondsBehind({ behindBytes: 0, listedMs: 99_000, knownMs: 68_000, nowMs: 99_100 });
    expect(lag.secondsBehind({ behindBytes: 248, listedMs: 100_000, knownMs: 68_000, nowMs: 100_100 })).toBe(1.1);
  });

  it('counts from the last commit that it replayed while it never had all, and where that is later', () => {
    const lag = new Lag();
    expect(lag.secondsBehind({ behindBytes: 9, listedMs: 99_000, knownMs: 0, nowMs: 100_000 })).toBeUndefined();
    expect(lag.secondsBehind({ behindBytes: 9, listedMs: 99_000, knownMs: 40_000, nowMs: 100_000 })).toBe(60);
    lag.secondsBehind({ behindBytes: 0, listedMs: 100_000, knownMs: 99_000, nowMs: 100_000 });
    expect(lag.secondsBehind({ behindBytes: 9, listedMs: 190_000, knownMs: 180_000, nowMs: 200_000 })).toBe(20);
  });

  it('goes on growing while a store does not answer any more, if it was behind then', () => {
    const lag = new Lag();
    lag.secondsBehind({ behindBytes: 0, listedMs: 10_000, knownMs: 0, nowMs: 10_000 });
    expect(lag.secondsBehind({ behindBytes: 9, listedMs: 11_000, knownMs: 0, nowMs: 70_000 })).toBe(60);
  });
});
