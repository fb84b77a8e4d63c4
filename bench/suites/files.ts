import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../measure.ts';
import { numbers, prose } from '../text.ts';
import { lifeboatFiles } from '../tools/lifeboat.ts';
import { resticFiles } from '../tools/restic.ts';
import type { TreeSuite } from './trees.ts';

const filesPerFolder = 500;
/** As many open files at a time as keep the disk busy. */
const writers = 32;

/** Small files as people have them: most of them well under 4 KB, a few up to 64 KB, half of them text. */
export const filesSuite = (count: number): TreeSuite => ({
  name: 'files',
  tools: [lifeboatFiles, resticFiles],
  again: true,
  make: async (path, signal) => {
    await mkdir(path);
    await writeFiles(path, 0, count, 1, 0, signal);
  },
  change: (path, round) => writeFiles(path, round % 100, count, 100, round + 1),
  compare: async (source, copy, signal) => {
    await run(['diff', '--recursive', '--brief', '--no-dereference', source, copy], signal);
  },
});

/** Every `step`-th file from `first` on; version 0 makes folders too. */
export async function writeFiles(
  path: string,
  first: number,
  count: number,
  step: number,
  version: number,
  signal?: AbortSignal,
): Promise<void> {
  for (let from = first; from < count; from += step * writers) {
    signal?.throwIfAborted();
    const numbersOfFiles = Array.from({ length: writers }, (_, index) => from + index * step).filter((n) => n < count);
    await Promise.all(numbersOfFiles.map((number) => writeOne(path, number, version)));
  }
}

async function writeOne(path: string, number: number, version: number): Promise<void> {
  const folder = join(path, String(Math.floor(number / filesPerFolder)));
  if (version === 0) await mkdir(folder, { recursive: true });
  const next = numbers((number + 1) * 2_654_435_761 + version * 97);
  next();
  const bytes = 100 + Math.floor(next() ** 6 * 64_000);
  await writeFile(join(folder, `${number}.txt`), number % 2 === 0 ? prose(bytes / 6, next) : noise(bytes, next));
}

function noise(bytes: number, next: () => number): Uint8Array {
  const content = new Uint8Array(bytes);
  for (let index = 0; index < bytes; index += 1) content[index] = Math.floor(next() * 256);
  return content;
}
