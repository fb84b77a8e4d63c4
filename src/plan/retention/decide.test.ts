import { describe, expect, it } from 'vitest';
import { decide, daily, keptIds, pointAt, reasonsOf } from './testing/points.ts';

const grandfather = {
  daily: '30d',
  weekly: { day: 'sunday', for: '90d' },
  monthly: { day: 1, for: '1y' },
  yearly: { day: 'january 1', for: '7y' },
};
const day = (iso: string): string => iso.slice(0, 10);

describe('windows', () => {
  it('keep daily 30 d, Sundays 90 d, the first of a month 1 y, 1 January 7 y, as five plans ask', () => {
    const points = daily('2019-01-01', 366 * 8).filter(({ id }) => id < '2026-11-21T12:00:00Z');
    const kept = keptIds(decide(grandfather, points, '2026-11-21T12:00:00Z')).map(day);
    const ofDays = (from: string): string[] => kept.filter((one) => one >= from);
    expect(ofDays('2026-10-23')).toHaveLength(30);
    const weeks = kept.filter((one) => one >= '2026-08-24' && one < '2026-10-22' && !one.endsWith('-01'));
    expect(weeks).toEqual(expect.arrayContaining(['2026-08-30', '2026-09-06', '2026-10-18']));
    expect(weeks.every((one) => new Date(one).getUTCDay() === 0)).toBe(true);
    const months = kept.filter((one) => one < '2026-08-23');
    const firsts = [1, 2, 3, 4, 5, 6, 7, 8].map((month) => `2026-0${month}-01`);
    expect(months).toEqual([...[0, 1, 2, 3, 4, 5].map((year) => `202${year}-01-01`), '2025-12-01', ...firsts]);
  });

  it('let the next sound point stand for a slot whose own day has none', () => {
    const points = daily('2026-09-01', 30).filter(({ id }) => day(id) !== '2026-09-06');
    const kept = keptIds(decide({ weekly: { day: 'sunday', for: '90d' } }, points, '2026-09-30T12:00:00Z')).map(day);
    expect(kept).toEqual(['2026-09-01', '2026-09-07', '2026-09-13', '2026-09-20', '2026-09-27', '2026-09-30']);
  });

  it('say in words why a point stays and until when, and why one goes', () => {
    const decisions = decide(grandfather, daily('2026-08-01', 100), '2026-11-08T12:00:00Z', { timezone: 'UTC' });
    expect(reasonsOf(decisions, '2026-08-30T02:00:00Z')).toEqual([
      'weekly: the first point of the week from Sunday 2026-08-30 (weekly 90d)',
    ]);
    const [sunday] = decisions.filter(({ point }) => point.id === '2026-08-30T02:00:00Z');
    expect(new Date(sunday?.reasons[0]?.untilMs ?? 0).toISOString()).toBe('2026-11-28T02:00:00.000Z');
    expect(reasonsOf(decisions, '2026-09-03T02:00:00Z')).toEqual([
      'expired: the first point of 2026-09-03, which was kept for 30d until 2026-10-03',
    ]);
  });

  it('count a year by the calendar: twelve months, leap day or not', () => {
    const leap = pointAt('2024-03-01T02:00:00Z');
    const newest = pointAt('2025-02-28T02:00:00Z');
    const at = (now: string): boolean =>
      keptIds(decide({ monthly: '1y' }, [leap, newest], now)).includes('2024-03-01T02:00:00Z');
    // 365 days later is 1 March 2025, 02:00 minus nothing; 366 days lie between 1 March 2023 and 2024.
    expect(at('2025-03-01T01:59:00Z')).toBe(true);
    expect(at('2025-03-01T02:00:00Z')).toBe(false);
    const feb = pointAt('2023-03-01T02:00:00Z');
    const kept = (now: string): number => keptIds(decide({ monthly: '1y' }, [feb, newest], now)).length;
    expect(kept('2024-03-01T01:00:00Z')).toBe(2);
  });

  it('begin a month that lacks its day on its last, and a week on Monday unless the plan says otherwise', () => {
    const points = daily('2026-01-25', 60);
    const months = keptIds(decide({ monthly: { day: 31, for: '1y' } }, points, '2026-04-01T12:00:00Z')).map(day);
    expect(months).toEqual(['2026-01-25', '2026-01-31', '2026-02-28', '2026-03-25']);
    const weeks = keptIds(decide({ weekly: '1y' }, points.slice(0, 20), '2026-04-01T12:00:00Z')).map(day);
    expect(weeks).toEqual(['2026-01-25', '2026-01-26', '2026-02-02', '2026-02-09', '2026-02-13']);
  });

  it('count days by the clock of the plan, also where it changes', () => {
    // Berlin: 29 March 2026 has 23 hours, and begins at 23:00 UTC the day before.
    const points = ['2026-03-28T22:30:00Z', '2026-03-28T23:30:00Z', '2026-03-29T21:30:00Z', '2026-03-29T22:30:00Z'];
    const decisions = decide(
      { daily: '10d' },
      points.map((one) => pointAt(one)),
      '2026-03-30T12:00:00Z',
      { timezone: 'Europe/Berlin' },
    );
    expect(keptIds(decisions)).toEqual([points[0], points[1], points[3]]);
    const until = decisions.map(({ reasons }) => reasons[0]?.untilMs).map((ms) => new Date(ms ?? 0).toISOString());
    // The same time of day by the clock on the wall: an hour earlier in UTC for the one from before the change.
    expect([until[0], until[1]]).toEqual(['2026-04-07T21:30:00.000Z', '2026-04-07T22:30:00.000Z']);
  });

  it('count both hours that a change of clocks shows twice', () => {
    const points = ['2026-10-25T00:15:00Z', '2026-10-25T01:15:00Z'].map((one) => pointAt(one));
    const decisions = decide({ hourly: '48h' }, points, '2026-10-25T12:00:00Z', { timezone: 'Europe/Berlin' });
    expect(keptIds(decisions)).toHaveLength(2);
  });
});

describe('minimums', () => {
  it('keep so many of the newest sound points whatever their age: damaged ones do not count', () => {
    const points = daily('2025-01-01', 10).map((point, i) => ({ ...point, damaged: i === 8 }));
    const kept = keptIds(decide({ daily: '3d', atLeast: 4 }, points, '2026-11-21T00:00:00Z')).map(day);
    expect(kept).toEqual(['2025-01-06', '2025-01-07', '2025-01-08', '2025-01-10']);
  });

  it('keep the newest sound point, and the newest of all, even under rules that hold nothing', () => {
    const points = daily('2025-01-01', 5).map((point, i) => ({ ...point, damaged: i === 4 }));
    expect(keptIds(decide({ hourly: '1h' }, points, '2026-11-21T00:00:00Z')).map(day)).toEqual([
      '2025-01-04',
      '2025-01-05',
    ]);
  });

  it('keep the newest sound point that leads to the life that goes on, where newer ones are of a life that people went back from', () => {
    const [goesOn, ended] = [
      { life: 1, lastMs: undefined, goesOn: true as const },
      { life: 2, lastMs: 1 },
    ];
    const points = daily('2025-01-01', 5).map((point, i) => ({ ...point, leadsTo: i < 3 ? [goesOn, ended] : [ended] }));
    const decisions = decide({ atLeast: 1 }, points, '2026-11-21T00:00:00Z');
    expect(keptIds(decisions).map(day)).toEqual(['2025-01-03', '2025-01-05']);
    expect(reasonsOf(decisions, points[2]?.id ?? '')).toEqual([
      'newest: the newest sound base point of orders that leads to the life that goes on',
    ]);
  });

  it('let nothing go while no point is sound', () => {
    const points = daily('2025-01-01', 5).map((point) => ({ ...point, damaged: true }));
    expect(keptIds(decide({ daily: '3d' }, points, '2026-11-21T00:00:00Z'))).toHaveLength(5);
  });

  it('never give up the last verified nor the last proven point: corruption noticed after good backups expired', () => {
    const points = daily('2025-01-01', 9).map((point, i) => ({
      ...point,
      verifiedMs: i === 1 || i === 3 ? 1 : undefined,
      provenMs: i === 0 || i === 2 ? 1 : undefined,
    }));
    const decisions = decide({ daily: '3d' }, points, '2026-11-21T00:00:00Z');
    expect(keptIds(decisions).map(day)).toEqual(['2025-01-03', '2025-01-04', '2025-01-09']);
    expect(reasonsOf(decisions, points[2]?.id ?? '')).toEqual([
      'proven: the newest that was restored with all checks green',
    ]);
  });

  it('keep every point where the plan says nothing, or for ever, or has no such asset, and say so', () => {
    const points = daily('2015-01-01', 3);
    const now = '2026-11-21T00:00:00Z';
    expect(keptIds(decide(undefined, points, now))).toHaveLength(3);
    expect(keptIds(decide({ forever: true }, points, now))).toHaveLength(3);
    expect(keptIds(decide({ tiers: [{ after: '30d', class: 'cold' }] }, points, now))).toHaveLength(3);
    const gone = decide({ daily: '1d' }, points, now, { rulesOf: () => 'unknown' });
    expect(gone.map(({ keep, reasons }) => [keep, reasons[0]?.rule])).toEqual([
      [true, 'not in plan'],
      [true, 'not in plan'],
      [true, 'not in plan'],
    ]);
  });
});

describe('recovery to a moment', () => {
  it('keeps the newest base before the window as well as all in it', () => {
    const points = daily('2026-11-01', 20);
    const decisions = decide({ pitr: '7d' }, points, '2026-11-20T12:00:00Z');
    expect(keptIds(decisions).map(day)).toEqual(daily('2026-11-13', 8).map(({ id }) => day(id)));
    expect(reasonsOf(decisions, points[12]?.id ?? '')).toEqual([
      'pitr: the start of the window of 7d is reached from it',
    ]);
  });

  it('does not start from a damaged base', () => {
    const points = daily('2026-11-01', 20).map((point, i) => ({ ...point, damaged: i === 12 }));
    expect(keptIds(decide({ pitr: '7d' }, points, '2026-11-20T12:00:00Z')).map(day)[0]).toBe('2026-11-12');
  });

  it('pitr keeps a base of each life of the source that reaches into the window, however old, and none of one that ended before', () => {
    const ended = { life: 1, lastMs: Date.parse('2026-11-10T00:00:00Z') };
    const left = { life: 2, lastMs: Date.parse('2026-11-14T00:00:00Z') };
    const living = { life: 3, lastMs: undefined };
    const points = [
      pointAt('2026-11-01T02:00:00Z', { leadsTo: [ended] }),
      pointAt('2026-11-02T02:00:00Z', { leadsTo: [ended, left, living] }),
      pointAt('2026-11-03T02:00:00Z', { leadsTo: [ended] }),
      pointAt('2026-11-11T02:00:00Z', { leadsTo: [left] }),
      pointAt('2026-11-12T02:00:00Z', { leadsTo: [left] }),
      pointAt('2026-11-19T02:00:00Z', { leadsTo: [living] }),
    ];
    const decisions = decide({ pitr: '7d' }, points, '2026-11-20T12:00:00Z');
    expect(keptIds(decisions).map((id) => id.slice(0, 10))).toEqual(['2026-11-02', '2026-11-12', '2026-11-19']);
    expect(reasonsOf(decisions, '2026-11-02T02:00:00Z')).toEqual([
      'pitr: the start of the window of 7d is reached from it',
    ]);
  });

  it('judges dumps and bases of one asset apart', () => {
    const dumps = daily('2026-10-01', 5).map((point) => ({ ...point, id: `dump ${point.id}`, kind: 'dump' }));
    const points = [...daily('2026-11-01', 20), ...dumps];
    const kept = keptIds(decide({ daily: '3d', pitr: '7d' }, points, '2026-11-20T12:00:00Z'));
    expect(kept.filter((id) => id.startsWith('dump'))).toEqual(['dump 2026-10-05T02:00:00Z']);
  });
});

describe('what is not trusted', () => {
  it('a point of a time that has not come stays, is named, and does not pass for the newest', () => {
    const points = [...daily('2026-10-01', 2), pointAt('2031-01-01T00:00:00Z')];
    const decisions = decide({ daily: '3d' }, points, '2026-11-20T12:00:00Z');
    expect(keptIds(decisions).map(day)).toEqual(['2026-10-02', '2031-01-01']);
    expect(reasonsOf(decisions, '2031-01-01T00:00:00Z')[0]).toMatch(/^future: .*has not come/);
  });

  it('a damaged point stays as long as a sound one would, and another stands for its slot', () => {
    const points = ['2026-11-01T02:00:00Z', '2026-11-01T14:00:00Z', '2026-11-20T02:00:00Z'].map((one, i) =>
      pointAt(one, { damaged: i === 0 }),
    );
    const decisions = decide({ daily: '30d' }, points, '2026-11-20T12:00:00Z');
    expect(keptIds(decisions)).toHaveLength(3);
    expect(reasonsOf(decisions, points[0]?.id ?? '')[0]).toContain('damaged first point of 2026-11-01');
  });
});

describe('holds', () => {
  const hold = { id: 'h', point: undefined, asset: undefined, words: 'legal hold: case 4711', untilMs: undefined };
  const points = daily('2026-01-01', 10);
  const now = '2026-11-20T12:00:00Z';
  const kept = (holds: (typeof hold | Record<string, unknown>)[]): number =>
    keptIds(decide({ daily: '3d' }, points, now, { holds: holds as never })).length;

  it('keep one point, or all of an asset, until they end', () => {
    expect(kept([{ ...hold, point: points[3]?.id }])).toBe(2);
    expect(kept([{ ...hold, asset: 'orders' }])).toBe(10);
    expect(kept([{ ...hold, asset: 'other' }])).toBe(1);
    expect(kept([{ ...hold, asset: 'orders', untilMs: Date.parse(now) }])).toBe(1);
    expect(kept([{ ...hold, asset: 'orders', untilMs: Date.parse(now) + 1 }])).toBe(10);
  });

  it('that cannot be read keep everything', () => {
    const decisions = decide({ daily: '3d' }, points, now, { nothingGoes: 'a hold cannot be read' });
    expect(keptIds(decisions)).toHaveLength(10);
  });
});

describe('tiers', () => {
  it('let a window that reaches them last to their end: 30 days, then 90 in the archive', () => {
    const keep = { daily: '30d', tiers: [{ after: '30d', class: 'glacier', for: '90d' }] };
    const kept = keptIds(decide(keep, daily('2026-01-01', 200), '2026-07-19T12:00:00Z'));
    expect(kept).toHaveLength(120);
    const shorter = { daily: '29d', tiers: [{ after: '30d', class: 'glacier', for: '90d' }] };
    expect(keptIds(decide(shorter, daily('2026-01-01', 200), '2026-07-19T12:00:00Z'))).toHaveLength(29);
  });
});
