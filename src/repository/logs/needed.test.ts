import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coveredTo, type LogFork, type LogPiece, type LogRange } from '../../assets/index.ts';
import { unneededPieces, type LogBase, type LogLife } from './needed.ts';

const piece = (start: number, end: number, timeline = 1): LogPiece => ({
  timeline,
  start: BigInt(start),
  end: BigInt(end),
  storedBytes: 1,
});

describe('which pieces of a log nothing needs any more', () => {
  const pieces = [piece(0, 10), piece(10, 20), piece(20, 30), piece(30, 40, 2)];
  const bases = [
    { timeline: 1, start: 5n, end: 6n, atMs: 100 },
    { timeline: 1, start: 12n, end: 13n, atMs: 200 },
    { timeline: 2, start: 31n, end: 32n, atMs: 300 },
  ];
  const lives = (untilMs: number): LogLife[] => [
    { timeline: 1, forks: [], lastMs: untilMs },
    { timeline: 2, forks: [{ timeline: 1, at: 30n }], lastMs: 350 },
  ];
  const kept = (since: number | undefined, of: typeof bases, untilMs: number): bigint[] => {
    const gone = new Set(unneededPieces(pieces, of, lives(untilMs), since));
    return pieces.filter((one) => !gone.has(one)).map(({ start }) => start);
  };

  it('trap "retention by the name of the timeline": a point of an older one is as old as its moment says, and the log of the newer one stays', () => {
    // The names of timelines grow; the one that was left is written on by whoever was not told, and its points are younger.
    const late = [...bases, { timeline: 1, start: 21n, end: 22n, atMs: 400 }];
    expect(kept(350, bases, 250)).toEqual([30n]);
    expect(kept(350, late, 450)).toEqual([10n, 20n, 30n]);
    expect(kept(1000, late, 450)).toEqual([20n, 30n]);
  });

  it('none of the life that goes on, when people went back to it from a newer one: that one goes once the window has passed', () => {
    const back = lives(340).map((life) => (life.timeline === 2 ? { ...life, hasEnded: true as const } : life));
    const left = (since: number) => {
      const gone = new Set(unneededPieces(pieces, bases.slice(0, 2), back, since));
      return pieces.filter((one) => !gone.has(one)).map(({ start }) => start);
    };
    expect(left(345)).toEqual([10n, 20n, 30n]);
    expect(left(1000)).toEqual([10n, 20n]);
  });

  it('are those before the newest point that still reaches back to the window', () => {
    const ends = (since: number | undefined): bigint[] =>
      unneededPieces(pieces, bases, lives(250), since).map(({ end }) => end);
    expect(ends(undefined)).toEqual([]);
    expect(ends(150)).toEqual([]);
    expect(ends(200)).toEqual([10n]);
    expect(ends(1000)).toEqual([10n, 20n, 30n]);
    expect(ends(50)).toEqual([]);
  });

  it('none without a point', () => {
    expect(unneededPieces(pieces, [], lives(250), 1000)).toEqual([]);
  });

  it('none that leads from an older point over a fork to the living life, when the newest point before the window stands on one that was left', () => {
    const left = [
      { timeline: 1, start: 5n, end: 6n, atMs: 100 },
      // The server was taken back to 20, and goes on as 2.
      { timeline: 1, start: 25n, end: 26n, atMs: 200 },
      { timeline: 2, start: 35n, end: 36n, atMs: 400 },
    ];
    const forked = [
      { timeline: 1, forks: [], lastMs: 240 },
      { timeline: 2, forks: [{ timeline: 1, at: 20n }], lastMs: 450 },
    ];
    const rest = (since: number): LogPiece[] => unneededPieces(pieces, left, forked, since);
    expect(rest(250)).toEqual([pieces[2]]);
    expect(rest(400)).toEqual([pieces[0], pieces[1], pieces[2]]);
  });

  it('by chance: each moment of the window that could be restored can be restored behind it, and nothing stays that no moment needs', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), fc.nat(40), fc.nat(), (acts, since, holes) => {
        const model = played(acts);
        const whole = model.pieces;
        const harmed = whole.filter((_, index) => ((holes >> (index % 31)) & 1) === 0 || holes % 2 === 0);
        for (const before of [whole, harmed]) {
          const moments = momentsOf({ ...model, pieces: whole }, since);
          const gone = new Set(unneededPieces(before, model.bases, model.lives, since));
          const after = before.filter((one) => !gone.has(one));
          for (const moment of moments) {
            if (isReachable(before, model.bases, moment)) expect(isReachable(after, model.bases, moment)).toBe(true);
          }
          if (before !== whole) continue;
          for (const one of after) {
            const rest = after.filter((other) => other !== one);
            const isNeeded = moments.some(
              (moment) => isReachable(after, model.bases, moment) && !isReachable(rest, model.bases, moment),
            );
            expect(isNeeded || isUnled(model, one)).toBe(true);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});

/** A server writes, is saved, is taken back or over to an earlier place as a new life, or an earlier life is gone on with. */
type Act = { readonly does: 'write' | 'point' | 'fork' | 'old life'; readonly where: number };
const act: fc.Arbitrary<Act> = fc.record({
  does: fc.constantFrom('write', 'write', 'write', 'point', 'fork', 'old life'),
  where: fc.nat(100),
});

interface Model {
  /** One position long each, and written at a moment of its own. */
  readonly pieces: LogPiece[];
  readonly bases: LogBase[];
  readonly lives: LogLife[];
  readonly writtenMs: ReadonlyMap<LogPiece, number>;
}

function played(acts: readonly Act[]): Model {
  const lives = [{ timeline: 1, forks: [] as LogFork[], lastMs: 0, ends: 0 }];
  const [pieces, bases] = [[] as LogPiece[], [] as LogBase[]];
  const writtenMs = new Map<LogPiece, number>();
  let life = lives[0] as (typeof lives)[number];
  for (const [atMs, { does, where }] of acts.entries()) {
    if (does === 'write') {
      const written = piece(life.ends, life.ends + 1, life.timeline);
      pieces.push(written);
      writtenMs.set(written, atMs);
      life.ends += 1;
      life.lastMs = atMs;
    } else if (does === 'point') {
      bases.push({ timeline: life.timeline, start: BigInt(life.ends), end: BigInt(life.ends), atMs });
      life.lastMs = atMs;
    } else if (does === 'old life') {
      life = lives[where % lives.length] as typeof life;
    } else {
      const begins = Number(life.forks.at(-1)?.at ?? 0n);
      const at = begins + (where % (life.ends - begins + 1));
      const forks = [...life.forks, { timeline: life.timeline, at: BigInt(at) }];
      life = { timeline: lives.length + 1, forks, lastMs: atMs, ends: at };
      lives.push(life);
    }
  }
  const sorted = pieces.toSorted((a, b) => a.timeline - b.timeline || Number(a.start - b.start));
  return { pieces: sorted, bases, lives, writtenMs };
}

interface Moment {
  readonly way: readonly (LogFork | (Pick<LogRange, 'timeline'> & { readonly at: undefined }))[];
  readonly atMs: number;
  /** On the last timeline of the way, or on that where the way was at the moment. */
  readonly place: { readonly leg: number; readonly position: bigint };
}

/** What `keep.pitr` promises: the moments of each life in the window, and the newest state of the lives that go on. */
function momentsOf({ pieces, bases, lives, writtenMs }: Model, since: number): Moment[] {
  const newest = bases.at(-1);
  return lives.flatMap(({ timeline, forks, lastMs = 0 }) => {
    const way = [...forks, { timeline, at: undefined }];
    const legOf = (one: LogRange): number => way.findIndex((leg) => leg.timeline === one.timeline);
    const log = pieces.filter((one) => legOf(one) >= 0 && one.start < (way[legOf(one)]?.at ?? one.end));
    const placeAt = (atMs: number): Moment['place'] | undefined => {
      const last = log.findLast((one) => (writtenMs.get(one) ?? 0) <= atMs);
      return last === undefined ? undefined : { leg: legOf(last), position: last.end };
    };
    const ends = timeline === lives.length || timeline === newest?.timeline ? [Number.MAX_SAFE_INTEGER] : [];
    const inside = lastMs >= since ? Array.from({ length: 41 }, (_, index) => since + index) : [];
    return [...inside, ...ends].flatMap((atMs) => {
      const place = placeAt(atMs);
      return place === undefined ? [] : [{ way, atMs, place }];
    });
  });
}

/** By the newest point before it that leads there, or without any log where that point has it all. */
function isReachable(pieces: readonly LogPiece[], bases: readonly LogBase[], { way, atMs, place }: Moment): boolean {
  const legOf = (base: LogBase): number => way.findIndex(({ timeline }) => timeline === base.timeline);
  const base = bases.findLast(
    (one) => one.atMs <= atMs && legOf(one) >= 0 && one.end <= (way[legOf(one)]?.at ?? one.end),
  );
  if (base === undefined) return false;
  let from = base.end;
  for (let leg = legOf(base); leg < place.leg; leg += 1) {
    const { timeline, at } = way[leg] as LogFork;
    if (coveredTo(pieces, timeline, from) < at) return false;
    from = at;
  }
  return coveredTo(pieces, way[place.leg]?.timeline ?? 0, from) >= place.position;
}

/** Log of the newest life, which no point leads to yet. */
const isUnled = ({ bases, lives }: Model, { timeline }: LogPiece): boolean => {
  const { forks } = lives.at(-1) as LogLife;
  return (
    bases.length === 0 ||
    (timeline === lives.length &&
      !bases.some(
        (base) =>
          base.timeline === timeline || forks.some((fork) => fork.timeline === base.timeline && base.end <= fork.at),
      ))
  );
};
