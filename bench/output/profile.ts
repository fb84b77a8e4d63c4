import type { Phase } from '../profile/attribute.ts';
import type { Profile } from '../profile/profile.ts';
import { seconds, table, titles } from './format.ts';

const meanings: Readonly<Record<Phase, string>> = {
  wait: 'nothing to do: waits for another thread, the disk, a server or a program',
  read: 'reading files, as far as it is not in the background',
  receive: 'taking what a server sends',
  'check pages': 'checksums of pages and packets',
  cut: 'looking for the edges of chunks',
  hash: 'keyed hashes of chunks, hashes of objects',
  compress: 'packing',
  decompress: 'unpacking; a backup does it too, before it stores what it packed',
  seal: 'encrypting',
  open: 'decrypting, which is also verifying',
  keys: 'making them',
  write: 'writing files, as far as it is not in the background',
  sync: 'until the disk has it',
  files: 'opening, sizing, renaming, listing',
  'hand over': 'between threads',
  memory: 'getting and copying it',
  start: 'loading and compiling the program, in each thread anew',
  garbage: 'collecting it',
  'own code': 'everything else of ours and of libraries',
  runtime: 'Node itself, for nobody in particular',
};

/** Empty when nothing was profiled. */
export function profileSections(profiles: readonly Profile[]): string[] {
  if (profiles.length === 0) return [];
  return ['## Where the time goes', explanation, ...profiles.flatMap(section)];
}

const explanation = `One more run of Lifeboat, with V8’s profiler on (a sample each millisecond, in every thread), of each work whose
target was missed or that was asked for. A function that blocks counts as busy. What Node does in the background (asynchronous reading, writing and
hashing) is in no thread’s profile: there the thread waits.`;

function section({ work, seconds: wall, cpuSeconds, threads, threadSeconds, phases, places }: Profile): string[] {
  const about = [
    `${seconds(wall)} s with the profiler on, ${seconds(cpuSeconds)} s of processor time (the server’s included)`,
    `the main thread and ${threads} more, which were there for ${seconds(threadSeconds)} s together`,
  ];
  return [
    `### ${titles[work]}`,
    `${about.join('; ')}.`,
    table(
      ['phase', 'main thread s', 'other threads s', 'what it is'],
      phases
        .filter(({ mainSeconds, threadsSeconds }) => mainSeconds + threadsSeconds >= 0.005)
        .map(({ phase, mainSeconds, threadsSeconds }) => [
          phase,
          mainSeconds.toFixed(2),
          threadsSeconds.toFixed(2),
          meanings[phase],
        ]),
      [0, 3],
    ),
    table(
      ['our file', 'phase', 's, all threads'],
      places.map(({ place, phase, seconds: taken }) => [place === '' ? '–' : place, phase, taken.toFixed(2)]),
      [0, 1],
    ),
  ];
}
