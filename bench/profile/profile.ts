import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LifeboatError } from '../../src/core/index.ts';
import type { Measured } from '../measure.ts';
import type { Work } from '../tool.ts';
import { attribute, type CpuProfile, type Phase } from './attribute.ts';

/** Where the time of one work goes, from samples that V8's profiler takes once a millisecond in every thread. */
export interface Profile {
  readonly work: Work;
  /** With the profiler on, which costs something itself. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Besides the main one. */
  readonly threads: number;
  /** How long the threads took part, all together; the rest of the time they did not exist. */
  readonly threadSeconds: number;
  /** The most first. */
  readonly phases: readonly { readonly phase: Phase; readonly mainSeconds: number; readonly threadsSeconds: number }[];
  /** Our files that were at work, with what they called; the most first. Waiting is left out. */
  readonly places: readonly { readonly place: string; readonly phase: Phase; readonly seconds: number }[];
}

const placesMost = 12;

/** Performs a work with the profiler on in all that is run in the given environment. */
export async function profiled(
  folder: string,
  work: Work,
  perform: (env: Readonly<Record<string, string>>) => Promise<Measured>,
): Promise<Measured & { profile: Profile }> {
  const place = await mkdtemp(join(folder, `profile-${work}-`));
  const hook = join(import.meta.dirname, 'hook.mjs');
  const measured = await perform({
    LIFEBOAT_BENCH_PROFILE: place,
    NODE_OPTIONS: `--cpu-prof --cpu-prof-dir="${place}" --import "${hook}"`,
  });
  return { ...measured, profile: await readProfile(place, work, measured) };
}

async function readProfile(folder: string, work: Work, { seconds, cpuSeconds }: Measured): Promise<Profile> {
  const phases = new Map<Phase, { mainSeconds: number; threadsSeconds: number }>();
  const places = new Map<string, { place: string; phase: Phase; seconds: number }>();
  const counted = { main: 0, threads: 0, threadSeconds: 0 };
  for (const name of await readdir(folder)) {
    // CPU.DATE.TIME.PROCESS.THREAD.NUMBER.cpuprofile
    const isMain = name.split('.')[4] === '0';
    const profile = JSON.parse(await readFile(join(folder, name), 'utf8')) as CpuProfile;
    counted[isMain ? 'main' : 'threads'] += 1;
    if (!isMain) counted.threadSeconds += (profile.endTime - profile.startTime) / 1e6;
    for (const { phase, place, seconds: share } of attribute(profile)) {
      const row = phases.get(phase) ?? { mainSeconds: 0, threadsSeconds: 0 };
      row[isMain ? 'mainSeconds' : 'threadsSeconds'] += share;
      phases.set(phase, row);
      if (phase === 'wait') continue;
      const key = `${place} ${phase}`;
      const known = places.get(key) ?? { place, phase, seconds: 0 };
      known.seconds += share;
      places.set(key, known);
    }
  }
  if (counted.main === 0) throw new LifeboatError('process.failed', `nothing of ours was profiled in ${work}`);
  const all = [...phases].map(([phase, row]) => ({ phase, ...row }));
  return {
    work,
    seconds,
    cpuSeconds,
    threads: counted.threads,
    threadSeconds: counted.threadSeconds,
    phases: all.sort((a, b) => b.mainSeconds + b.threadsSeconds - (a.mainSeconds + a.threadsSeconds)),
    places: [...places.values()].sort((a, b) => b.seconds - a.seconds).slice(0, placesMost),
  };
}
