import { describe, expect, it } from 'vitest';
import type { RecoveryTarget } from '../../../assets/index.ts';
import { isoTime } from '../../../core/index.ts';
import { dataText } from './restore-words.ts';

const pointMs = Date.parse('2026-11-22T15:51:37.789Z');
const reachableMs = Date.parse('2026-11-22T15:52:58.644Z');
const point = { id: '01m81z9bwdywrsh16qkm63n8se', atMs: pointMs };
const thePoint = 'the point 01m81z9bwdywrsh16qkm63n8se of 2026-11-22T15:51:37.789Z';

describe('the moment whose data a restore brings', () => {
  const along = (recover?: RecoveryTarget) => ({
    point,
    request: recover === undefined ? {} : { recover },
    replay: { reachableMs },
  });

  it('is that of the point where no log is replayed', () => {
    expect(dataText({ point, request: {}, replay: undefined })).toBe(
      'data of 2026-11-22T15:51:37.789Z, point 01m81z9bwdywrsh16qkm63n8se',
    );
  });

  it('is the end of the log along the whole of it, before as after, and never that of the point', () => {
    expect(dataText(along())).toBe(`data of ${isoTime(reachableMs)}, by the log from ${thePoint} on`);
    expect(dataText(along({ kind: 'now' }), { time: '2026-11-22T15:52:38.563Z' })).toBe(
      `data of ${isoTime(reachableMs)}, by the log from ${thePoint} on`,
    );
  });

  it('is that of the last commit where the log had grown since it was planned', () => {
    expect(dataText(along(), { time: '2026-11-22T15:53:01.000Z' })).toContain('data of 2026-11-22T15:53:01.000Z');
  });

  it('is the moment that was asked for', () => {
    const atMs = Date.parse('2026-11-22T15:52:00Z');
    expect(dataText(along({ kind: 'time', atMs }))).toContain('data of 2026-11-22T15:52:00.000Z, by the log');
    expect(dataText(along({ kind: 'time', atMs, exclusive: true }), { time: '2026-11-22T15:51:59.000Z' })).toContain(
      'data of just before 2026-11-22T15:52:00.000Z, by the log',
    );
  });

  it('is, up to a place of the log, named as the place first and as its last commit after', () => {
    const recover = { kind: 'transaction', text: '728', exclusive: true } as const;
    expect(dataText(along(recover))).toBe(`data of just before the transaction 728, by the log from ${thePoint} on`);
    expect(dataText(along(recover), { time: '2026-11-22T15:52:38.563Z' })).toBe(
      `data of 2026-11-22T15:52:38.563Z, by the log from ${thePoint} on`,
    );
    expect(dataText(along({ kind: 'name', text: 'x' }))).toContain('data up to and with the restore point "x", by');
  });
});
