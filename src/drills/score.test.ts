import { describe, expect, it } from 'vitest';
import { lossOf, scoreDrill, type AssetMeasure, type Measured } from './index.ts';

const asset = (over: Partial<AssetMeasure> = {}): AssetMeasure => ({
  asset: 'orders',
  bytes: 10,
  point: { id: 'p', atMs: 0, store: 'near' },
  rpoMs: 0,
  bound: false,
  how: '',
  acknowledged: 5,
  restored: 5,
  lost: 0,
  ...over,
});
const good: Measured = {
  procedureDone: true,
  rtoMs: 900,
  assets: [asset()],
  checks: [{ name: 'rows', ok: true }],
  isolated: true,
  destroyed: true,
};
const expected = { rtoMs: 1000, rpoMs: 1000, lost: 0, health: true };
const redOnes = (over: Partial<Measured>): string[] => {
  const { verdict, criteria } = scoreDrill({ ...good, ...over }, expected);
  const red = criteria.filter((one) => one.verdict !== 'pass');
  expect(verdict).toBe(red.length === 0 ? 'pass' : 'fail');
  return red.map((one) => `${one.name} ${one.verdict}`);
};

describe('the scorer', () => {
  it('is green when everything was measured and met', () => {
    expect(redOnes({})).toEqual([]);
  });

  it('goes red when the procedure did not end, and then has no recovery time either', () => {
    expect(redOnes({ procedureDone: false })).toEqual(['procedure fail', 'rto unknown']);
  });

  it('goes red when the recovery took too long, by one millisecond', () => {
    expect(redOnes({ rtoMs: 1000 })).toEqual([]);
    expect(redOnes({ rtoMs: 1001 })).toEqual(['rto fail']);
  });

  it('goes red when nobody measured the recovery time', () => {
    expect(redOnes({ rtoMs: undefined })).toEqual(['rto unknown']);
    expect(redOnes({ rtoMs: Number.NaN })).toEqual(['rto unknown']);
  });

  it('goes red when the worst asset lost too long a span, however good the others are', () => {
    expect(redOnes({ assets: [asset(), asset({ rpoMs: 1001 })] })).toEqual(['rpo fail']);
  });

  it('goes red when the loss of one asset is not known, and when no asset was measured', () => {
    expect(redOnes({ assets: [asset(), asset({ rpoMs: undefined })] })).toEqual(['rpo unknown']);
    expect(redOnes({ assets: [] })).toEqual(['rpo unknown', 'lost unknown']);
  });

  it('goes red when one thing was lost, and when nobody counted', () => {
    expect(redOnes({ assets: [asset({ lost: 1 })] })).toEqual(['lost fail']);
    expect(redOnes({ assets: [asset({ lost: undefined })] })).toEqual(['lost unknown']);
  });

  it('goes red when a check is red, and when no check was asked', () => {
    expect(
      redOnes({
        checks: [
          { name: 'rows', ok: true },
          { name: 'sums', ok: false },
        ],
      }),
    ).toEqual(['health fail']);
    expect(redOnes({ checks: [] })).toEqual(['health unknown']);
  });

  it('goes red when the drill touched something outside, or left something behind', () => {
    expect(redOnes({ isolated: false })).toEqual(['isolation fail']);
    expect(redOnes({ destroyed: false })).toEqual(['bubble fail']);
    expect(redOnes({ isolated: undefined, destroyed: undefined })).toEqual(['isolation unknown', 'bubble unknown']);
  });

  it('gives the margin to the target, and says when a figure is an upper bound', () => {
    const { criteria } = scoreDrill({ ...good, assets: [asset({ rpoMs: 400, bound: true })] }, expected);
    expect(criteria.find(({ name }) => name === 'rpo')).toMatchObject({ measured: 400, margin: 600, bound: true });
  });
});

describe('the loss of an asset', () => {
  const question = { impactMs: 10_000, wantedMs: 10_000, pointAtMs: 4000, source: undefined, copy: undefined };

  it('is nothing when the copy equals its source, however old the recovery point: an idle database lost nothing', () => {
    expect(lossOf({ ...question, source: { token: 'x' }, copy: { token: 'x' } })).toMatchObject({
      rpoMs: 0,
      bound: false,
      lost: 0,
    });
    expect(lossOf({ ...question, source: { atMs: 3000 }, copy: { atMs: 3000 } })).toMatchObject({
      rpoMs: 0,
      bound: false,
    });
  });

  it('is the span from the newest commit that came back to the impact', () => {
    const loss = lossOf({ ...question, source: { atMs: 9900, count: 50 }, copy: { atMs: 7000, count: 41 } });
    expect(loss).toMatchObject({ rpoMs: 3000, bound: false, lost: 9, acknowledged: 50, restored: 41 });
  });

  it('is at most the age of the point when the data cannot tell, and things lost are then not known', () => {
    expect(lossOf(question)).toMatchObject({ rpoMs: 6000, bound: true, lost: undefined });
    expect(lossOf({ ...question, source: { token: 'x' }, copy: { token: 'y' } })).toMatchObject({
      rpoMs: 6000,
      bound: true,
      lost: undefined,
    });
  });

  it('is at most the span since the newest commit in the copy when the source is gone', () => {
    expect(lossOf({ ...question, copy: { atMs: 8000, count: 3 } })).toMatchObject({
      rpoMs: 2000,
      bound: true,
      lost: undefined,
    });
  });

  it('is not known when nothing was restored', () => {
    expect(lossOf({ ...question, pointAtMs: undefined })).toMatchObject({ rpoMs: undefined, lost: undefined });
  });

  it('ends at the last good moment after a corruption: what people gave up after it is no loss', () => {
    const loss = lossOf({
      ...question,
      wantedMs: 5000,
      source: { atMs: 9900, count: 50 },
      copy: { atMs: 4500, count: 20 },
    });
    expect(loss).toMatchObject({ rpoMs: 500, bound: true, lost: undefined });
  });

  it('is not nothing when the newest thing came back but others did not', () => {
    const loss = lossOf({ ...question, source: { atMs: 9000, count: 50 }, copy: { atMs: 9000, count: 48 } });
    expect(loss).toMatchObject({ rpoMs: 6000, bound: true, lost: 2 });
  });
});
