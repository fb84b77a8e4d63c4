import { assert, constantFrom, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, parseBytes, parseDuration } from './units.ts';

describe('units', () => {
  it.each([
    ['500ms', 500],
    ['15m', 900_000],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
    ['90d', 7_776_000_000],
    ['2w', 1_209_600_000],
    ['1.5s', 1500],
  ])('read the duration %s', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['', '15', 'm', '15 minutes', '-5m', '5m!', '1e3s', 'tomorrow'])('refuse the duration "%s"', (text) =>
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'input.flag' })),
  );

  it.each([
    ['512', 512],
    ['64KiB', 65_536],
    ['10MB', 10_000_000],
    ['2 GiB', 2_147_483_648],
    ['1.5KB', 1500],
  ])('read the size %s', (text, bytes) => expect(parseBytes(text)).toBe(bytes));

  it.each(['', '1 PBB', '-1', '1,5MB', '10mb', 'MB'])('refuse the size "%s"', (text) =>
    expect(() => parseBytes(text)).toThrow(expect.objectContaining({ code: 'input.flag' })),
  );

  it('read back every duration that they write, to its last shown digit', () => {
    assert(
      property(integer({ min: 0, max: 10 ** 10 }), (ms) => {
        const back = parseDuration(formatDuration(ms).replaceAll(' ', ''));
        const shownMs = ms < 95 ? 5 : ms < 9950 ? 50 : ms < 3_600_000 ? 500 : ms < 86_400_000 ? 60_000 : 3_600_000;
        expect(Math.abs(back - ms)).toBeLessThanOrEqual(shownMs);
      }),
    );
  });

  it('write a size that is never off by more than its last digit', () => {
    assert(
      property(integer({ min: 0, max: 2 ** 50 }), constantFrom(1, 7), (bytes, factor) => {
        const [value, unit] = formatBytes(bytes * factor).split(' ') as [string, string];
        const power = 1000 ** ['B', 'kB', 'MB', 'GB', 'TB', 'PB'].indexOf(unit);
        expect(Math.abs(Number(value) * power - bytes * factor)).toBeLessThanOrEqual(
          power / (value.includes('.') ? 19 : 1.9),
        );
      }),
    );
    expect([formatBytes(0), formatBytes(999), formatBytes(4200), formatBytes(1.4e9)]).toEqual([
      '0 B',
      '999 B',
      '4.2 kB',
      '1.4 GB',
    ]);
    expect([formatDuration(372_000), formatDuration(-1000), formatDuration(0)]).toEqual([
      '6 m 12 s',
      '-1.0 s',
      '0.00 s',
    ]);
  });
});
