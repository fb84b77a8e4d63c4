import { z } from 'zod';
import type { LogClock, LogMarks } from '../../assets/index.ts';
import { limits, messageOf } from '../../core/index.ts';
import { damaged } from '../damage.ts';

/** JSON, put together by hand: where commits wait it is made for each of them, and an object to be written out takes longer than all of the text. */
export function encodeMarks({ completeToMs, commits, transactions, names = [] }: LogMarks): Buffer {
  let text = completeToMs === undefined ? '{' : `{"completeToMs":${completeToMs},`;
  if (commits !== undefined) {
    const { count, oldestMs, newestMs, newestEnd } = commits;
    text += `"commits":{"count":${count},"oldestMs":${oldestMs},"newestMs":${newestMs},"newestEnd":"${newestEnd.toString(16)}"},`;
  }
  if (transactions !== undefined) text += `"transactions":[${transactions[0]},${transactions[1]}],`;
  return Buffer.from(`${text}"names":${names.length === 0 ? '[]' : JSON.stringify(encodedNames(names))}}`);
}

const encodedNames = (names: NonNullable<LogMarks['names']>): [string, string, number][] =>
  names.slice(0, limits.logNamesPerPieceMax).map(({ name, at, atMs }) => [name, at.toString(16), atMs]);

/** Throws `repository.damaged`. */
export function decodeMarks(bytes: Buffer, object: string): LogMarks {
  try {
    const { commits, names, ...rest } = schema.parse(JSON.parse(bytes.toString('utf8')));
    return {
      ...rest,
      ...(commits === undefined ? {} : { commits: { ...commits, newestEnd: BigInt(`0x${commits.newestEnd}`) } }),
      names: names.map(([name, at, atMs]) => ({ name, at: BigInt(`0x${at}`), atMs })),
    } as LogMarks;
  } catch (error) {
    throw damaged(object, `its marks are not of this format: ${messageOf(error)}`, error);
  }
}

/** The name says when; what is sealed must say the same. */
export function requireClock(name: string, { atMs }: LogClock, { completeToMs }: LogMarks): void {
  if (completeToMs !== atMs) throw damaged(name, `it says ${completeToMs ?? 'no'} ms, its name says ${atMs}`);
}

/** Of neighbours, in the order of the log, as one. */
export function joinMarks(parts: readonly LogMarks[]): LogMarks {
  const commits = parts.flatMap((part) => part.commits ?? []);
  const transactions = parts.flatMap((part) => part.transactions ?? []);
  const completeToMs = parts.findLast((part) => part.completeToMs !== undefined)?.completeToMs;
  return {
    ...(completeToMs === undefined ? {} : { completeToMs }),
    ...(commits.length === 0 ? {} : { commits: commits.reduce(joinCommits) }),
    ...(transactions.length === 0 ? {} : { transactions: [Math.min(...transactions), Math.max(...transactions)] }),
    names: parts.flatMap((part) => part.names ?? []).slice(0, limits.logNamesPerPieceMax),
  };
}

type Commits = NonNullable<LogMarks['commits']>;

function joinCommits(one: Commits, other: Commits): Commits {
  const newest = other.newestMs >= one.newestMs ? other : one;
  return {
    count: one.count + other.count,
    oldestMs: Math.min(one.oldestMs, other.oldestMs),
    newestMs: newest.newestMs,
    newestEnd: newest.newestEnd,
  };
}

const position = z.string().regex(/^[0-9a-f]{1,16}$/);
const schema = z.object({
  completeToMs: z.number().optional(),
  commits: z
    .object({ count: z.int().positive(), oldestMs: z.number(), newestMs: z.number(), newestEnd: position })
    .optional(),
  transactions: z.tuple([z.int().nonnegative(), z.int().nonnegative()]).optional(),
  names: z.array(z.tuple([z.string(), position, z.number()])),
});
