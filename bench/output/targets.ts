import { isOurs, type Work } from '../tool.ts';
import type { Result } from './results.ts';

export interface Verdict {
  readonly what: string;
  /** As people read it: `0.62 × pgbackrest`. Null: not measured in this run. */
  readonly measured: string | null;
  readonly goal: string;
  /** The work whose profile tells why, if it was missed; null for one that no profile explains. */
  readonly work: Work | null;
  /** Null: not measured in this run. */
  readonly reached: boolean | null;
}

interface Target {
  readonly what: string;
  readonly goal: string;
  readonly work: Work | null;
  judge(results: readonly Result[]): { measured: string; reached: boolean } | null;
}

/** What Lifeboat promises of itself, as ratios of medians in one run: of the machine's speed they say nothing. */
const targets: readonly Target[] = [
  ratio('full backup', 'full', 'pgbackrest zst 3', 0.75),
  ratio('full backup', 'full', 'restic', 0.65),
  ratio('full backup, by replication', 'full', 'pg_basebackup', 1.15, seconds, 'lifeboat by replication'),
  ratio('second, contiguous change', 'second', 'pgbackrest', 0.45),
  ratio('second, contiguous change', 'second', 'restic', 0.9),
  ratio('second, scattered change', 'scattered', 'pgbackrest', 0.7),
  ratio('second, scattered change', 'scattered', 'restic', 0.6),
  ratio('restore to the first answer', 'restore', 'pgbackrest', 0.85),
  ratio('restore to the first answer', 'restore', 'restic', 0.75),
  ratio('stored by a full backup', 'full', 'pgbackrest zst 3', 1, storedBytes),
  ratio('stored by ten points', 'ten', 'pgbackrest', 0.5, storedBytes),
  verifySpeed(1e9),
  peakMemory(300e6),
  memoryFlat(1.1),
  ratio('throughput of the primary, log taken (async)', 'wal-async', 'pg_receivewal', 1.03),
  ratio('throughput of the primary, commits wait (sync)', 'wal-sync', 'pg_receivewal', 1.17),
  ratio('fetch of the log', 'wal-fetch', 'pgbackrest', 1),
  waiting('lost with the server, p99, store in a folder', 'loss', 2),
  waiting('lost with the server, p99, store in a bucket', 'loss-s3', 8),
  waiting('lost with the server, p99, store in a bucket, each second', 'loss-s3-1s', 3),
  waiting('cold start (--help)', 'start', 0.15),
  waiting('check of 2,000 assets and 500 scenarios', 'check', 2),
];

export const judge = (results: readonly Result[]): Verdict[] =>
  targets.map(({ what, goal, work, judge: judgeOne }) => {
    const found = judgeOne(results);
    return { what, goal, work, measured: found?.measured ?? null, reached: found?.reached ?? null };
  });

function seconds(result: Result): number {
  return result.seconds;
}

function storedBytes(result: Result): number {
  return result.storedBytes ?? Number.NaN;
}

function ratio(
  what: string,
  work: Work,
  peer: string,
  most: number,
  valueOf: (result: Result) => number = seconds,
  tool = 'lifeboat',
): Target {
  return {
    what,
    goal: `≤ ${most} × ${peer}`,
    // Where time goes says nothing of bytes.
    work: valueOf === storedBytes ? null : work,
    judge: (results) => {
      const [ours, theirs] = [tool, peer].map((name) => find(results, name, work));
      if (ours === undefined || theirs === undefined) return null;
      const value = valueOf(ours) / valueOf(theirs);
      return { measured: `${value.toPrecision(3)} ×`, reached: value <= most };
    },
  };
}

function verifySpeed(least: number): Target {
  return {
    what: 'verify, plain bytes',
    goal: `≥ ${least / 1e9} GB/s`,
    work: 'verify',
    judge: (results) => {
      const found = find(results, 'lifeboat', 'verify');
      if (found === undefined || found.plainBytes === null) return null;
      const speed = found.plainBytes / found.seconds;
      return { measured: `${(speed / 1e9).toFixed(2)} GB/s`, reached: speed >= least };
    },
  };
}

function peakMemory(most: number): Target {
  return {
    what: 'peak memory, any work',
    goal: `≤ ${most / 1e6} MB`,
    work: null,
    judge: (results) => {
      const ours = results.filter(({ tool, work }) => isOurs(tool) && work !== 'start' && work !== 'check');
      if (ours.length === 0) return null;
      const worst = ours.reduce((one, other) => (other.peakBytes > one.peakBytes ? other : one));
      return { measured: `${Math.round(worst.peakBytes / 1e6)} MB (${worst.work})`, reached: worst.peakBytes <= most };
    },
  };
}

/** The worst of the works, the largest size against the smallest. */
function memoryFlat(most: number): Target {
  return {
    what: 'peak memory, the largest file against the smallest',
    goal: `≤ ${most} ×`,
    work: null,
    judge: (results) => {
      const growths = memoryWorks.flatMap((work) => {
        const bySize = results
          .filter((result) => result.work === work)
          .sort((a, b) => (a.plainBytes ?? 0) - (b.plainBytes ?? 0));
        const [smallest, largest] = [bySize[0], bySize.at(-1)];
        return smallest === undefined || largest === undefined || smallest === largest
          ? []
          : [{ work, growth: largest.peakBytes / smallest.peakBytes }];
      });
      if (growths.length < memoryWorks.length) return null;
      const worst = growths.reduce((one, other) => (other.growth > one.growth ? other : one));
      return { measured: `${worst.growth.toFixed(2)} × (${worst.work})`, reached: worst.growth <= most };
    },
  };
}

function waiting(what: string, work: Work, most: number): Target {
  return {
    what,
    goal: `≤ ${most * 1000} ms`,
    work,
    judge: (results) => {
      const found = find(results, 'lifeboat', work);
      if (found === undefined) return null;
      return { measured: `${Math.round(found.seconds * 1000)} ms`, reached: found.seconds <= most };
    },
  };
}

const memoryWorks: readonly Work[] = ['memory-full', 'memory-verify', 'memory-restore'];

const find = (results: readonly Result[], tool: string, work: Work): Result | undefined =>
  results.find((result) => result.tool === tool && result.work === work);
