import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Place } from './support/lifeboat.ts';
import { peakOf, whyNoPeaks } from './support/peak-memory.ts';

const plan = `
lifeboat: 1
plan: many-files
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./store, domain: safe } }
assets: { docs: { type: files, path: ./docs, domain: here } }
`;
const filesPerFolder = 500;
/** Fewer do not need all threads and packs that any number needs. */
const [few, many] = [100_000, 300_000];
/** What a backup, a verification or a restore may hold at any size. A program that runs from its sources, as it does where none is built, takes up to 70 MiB more. */
const mebibytesMax = 400;
/** What the garbage collector leaves swings by 40 MiB from run to run: 200 bytes a file. */
const bytesPerFileMax = 500;

const works = ['full', 'second', 'same', 'verify', 'restore'] as const;
type Peaks = Record<(typeof works)[number], number>;

const because = whyNoPeaks === undefined ? '' : `: ${whyNoPeaks}`;

it.skipIf(whyNoPeaks !== undefined)(
  `three times as many small files take hardly more memory, backed up, verified and restored${because}`,
  async () => {
    const [before, after] = [await peaksWith(few), await peaksWith(many)];
    const more = (work: keyof Peaks): number => Math.round(((after[work] - before[work]) * 2 ** 20) / (many - few));
    const said = works.map((work) => `${work} ${Math.round(after[work])} MiB (${more(work)} bytes a file)`).join(', ');
    process.stdout.write(`peak memory of ${many} files: ${said}\n`);
    for (const work of works) {
      expect(more(work), `${work}: bytes a file`).toBeLessThan(bytesPerFileMax);
      expect(after[work], `${work}: MiB`).toBeLessThan(mebibytesMax);
    }
  },
);

async function peaksWith(files: number): Promise<Peaks> {
  process.env['LB_TEST_PASS'] = 'a passphrase for tests';
  const place = Place.in(await mkdtemp(join(tmpdir(), 'lifeboat-many-')));
  const run = (...words: string[]): Promise<number> => peakOf(place.folder, ...words);
  try {
    await writeFile(place.path('lifeboat.yaml'), plan);
    await writeFiles(place, files, 1, 'first');
    await run('store', 'init');
    const full = await run('backup');
    await writeFiles(place, files, 100, 'second');
    const second = await run('backup');
    const same = await run('backup');
    const verify = await run('verify', '--all');
    const restore = await run('restore', 'docs', '--to', './out');
    return { full, second, same, verify, restore };
  } finally {
    await place.remove();
  }
}

/** Every `step`-th of them. */
async function writeFiles(place: Place, files: number, step: number, word: string): Promise<void> {
  for (let number = 0; number < files; number += step) {
    const folder = place.path('docs', String(Math.floor(number / filesPerFolder)));
    if (number % filesPerFolder === 0) await mkdir(folder, { recursive: true });
    await writeFile(
      `${folder}/${number}.txt`,
      `${word} words of file ${number * 2_654_435_761}, and some more of them`,
    );
  }
}
