import { describe, expect, it } from 'vitest';
import { judgeAgainst } from '../../bench/disasters/disasters.ts';
import { finding, lossOf } from '../../bench/disasters/judge.ts';
import type { Played } from '../../bench/disasters/scene.ts';
import { tableOf } from '../../bench/disasters/table.ts';

const acknowledged = [1000, 1100, 1200, 1300, 1400].map((atMs, index) => ({ id: `1/0/${index + 1}`, atMs }));
const without = (...lost: number[]): Set<string> =>
  new Set(acknowledged.map(({ id }) => id).filter((_, index) => !lost.includes(index + 1)));

describe('what a disaster cost', () => {
  it('is nothing when every acknowledged commit came back, however long ago the last one was', () => {
    expect(lossOf(acknowledged, without(), 9000)).toMatchObject({
      acknowledged: 5,
      lost: 0,
      rpoSeconds: 0,
      givenUp: 0,
    });
  });

  it('is counted from the last commit before the first lost one, whatever came back behind it', () => {
    expect(lossOf(acknowledged, without(3), 1500)).toMatchObject({ restored: 4, lost: 1, rpoSeconds: 0.4 });
    expect(lossOf(acknowledged, without(4, 5), 1500)).toMatchObject({ lost: 2, rpoSeconds: 0.3 });
  });

  it('is all of it when nothing came back', () => {
    expect(lossOf(acknowledged, new Set(), 1500)).toMatchObject({ restored: 0, lost: 5, rpoSeconds: 0.5 });
  });

  it('shows apart what people gave up after the moment that they asked for', () => {
    expect(lossOf(acknowledged, without(4, 5), 1250)).toMatchObject({
      acknowledged: 3,
      lost: 0,
      rpoSeconds: 0,
      givenUp: 2,
      givenUpSeconds: 0.15,
    });
  });
});

describe('a verdict', () => {
  const took = { detect: 1, decide: 0, execute: 3, verify: 1 };
  const played = (changed: Partial<Played>): Played => ({
    ...lossOf(acknowledged, without(), 1500),
    took,
    rtoSeconds: 5,
    findings: [finding('whole', 1, 1)],
    ...changed,
  });
  const red = (changed: Partial<Played>): string[] =>
    judgeAgainst({ rpoTargetSeconds: 2, rtoTargetSeconds: 10 }, played(changed)).flatMap(({ ok, name }) =>
      ok ? [] : [name],
    );

  it('fails for a loss or a time beyond what was promised, and for anything that is not as it should be', () => {
    expect(red({})).toEqual([]);
    expect(red({ rpoSeconds: 2.1 })).toEqual(['RPO']);
    expect(red({ rtoSeconds: 11 })).toEqual(['RTO']);
    expect(red({ findings: [finding('whole', 4999, 5000)] })).toEqual(['whole']);
  });

  it('that is red says why below the table', () => {
    const about = { disaster: 'kill', title: 'kill -9', major: 15, rpoTargetSeconds: 2, rtoTargetSeconds: 10 };
    const text = tableOf([{ ...about, ...played({ lost: 7 }), verdict: 'fail', reason: 'RPO: 3 s' }]);
    expect(text).toMatch(/kill -9.* 7 .*1\.0 \+ 0\.0 \+ 3\.0 \+ 1\.0.*fail/);
    expect(text).toMatch(/PostgreSQL 15, kill -9: RPO: 3 s\n$/);
  });
});
