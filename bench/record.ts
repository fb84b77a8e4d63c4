import { messageOf } from '../src/core/index.ts';
import type { SharedDatabase } from './database.ts';
import { measure, type Measured, type Stopwatch } from './measure.ts';
import type { Options } from './options.ts';
import { profiled, type Profile } from './profile/profile.ts';
import { isOurs, type Omission, type Sample, type Work } from './tool.ts';

/** What a run of the bench has and shows while it goes on. */
export interface Bench {
  readonly options: Options;
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Why a program is missing, by its name. */
  readonly missing: ReadonlyMap<string, string>;
  readonly samples: Sample[];
  readonly omissions: Omission[];
  /** One for all suites that want one, made when the first does. */
  readonly database: SharedDatabase;
  /** Instead of measuring, say where our time goes in these works. */
  readonly profiling: { readonly works: readonly Work[]; readonly profiles: Profile[] } | undefined;
  say(sentence: string): void;
}

/** The tools that are wanted and present; those that are not are noted with the reason. */
export function present<T extends { name: string; program?: string }>(bench: Bench, tools: readonly T[]): T[] {
  return tools.filter(({ name, program }) => {
    if (bench.options.tools.length > 0 && !bench.options.tools.includes(name)) return false;
    const reason = program === undefined ? undefined : bench.missing.get(program);
    if (reason !== undefined) omit(bench, { tool: name, reason, failed: false });
    return reason === undefined;
  });
}

/** Does one work once. A tool that fails is named in the results, and the others go on; returns whether it went well. */
export async function attempt(
  bench: Bench,
  tool: string,
  work: Work,
  measureIt: () => Promise<Omit<Sample, 'tool' | 'work'>>,
): Promise<boolean> {
  try {
    const sample = { tool, work, ...(await measureIt()) };
    bench.samples.push(sample);
    bench.say(`  ${work.padEnd(14)} ${tool.padEnd(18)} ${sample.seconds.toFixed(2).padStart(8)} s`);
    return true;
  } catch (error) {
    bench.signal.throwIfAborted();
    omit(bench, { tool, work, reason: messageOf(error), failed: true });
    return false;
  }
}

/**
 * What a work of a tool costs; in a run that asks where our time goes, with the profiler on in our own processes.
 * `server`: process id of a server whose help is counted too.
 */
export async function measured(
  bench: Bench,
  tool: string,
  work: Work,
  perform: (stopwatch: Stopwatch) => Promise<void>,
  server?: number,
): Promise<Measured> {
  const options = { signal: bench.signal, ...(server === undefined ? {} : { server }) };
  const { profiling } = bench;
  if (profiling === undefined || !profiling.works.includes(work) || !isOurs(tool)) return measure(perform, options);
  const { profile, ...rest } = await profiled(bench.folder, work, (env) => measure(perform, { ...options, env }));
  profiling.profiles.push(profile);
  return rest;
}

/** An empty repository of a tool; undefined, and named in the results, when the tool cannot make one. */
export async function prepared<T>(bench: Bench, tool: string, prepare: () => Promise<T>): Promise<T | undefined> {
  try {
    return await prepare();
  } catch (error) {
    bench.signal.throwIfAborted();
    omit(bench, { tool, reason: `no repository could be made: ${messageOf(error)}`, failed: true });
    return undefined;
  }
}

/** Everybody is first in turn, so that none always meets the disk that another has just worn out. */
export const inTurn = <T>(list: readonly T[], round: number): T[] => {
  const from = list.length === 0 ? 0 : round % list.length;
  return [...list.slice(from), ...list.slice(0, from)];
};

function omit(bench: Bench, omission: Omission): void {
  const known = bench.omissions.some(({ tool, work }) => tool === omission.tool && work === omission.work);
  if (!known) bench.omissions.push(omission);
  bench.say(
    `  ${(omission.work ?? '').padEnd(14)} ${omission.tool}: ${omission.failed ? 'FAILED' : 'left out'}: ${omission.reason}`,
  );
}
