import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createWriteStream } from 'node:fs';
import { createCipheriv } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { bytesIn, removeFolder, settle } from '../folder.ts';
import { run } from '../measure.ts';
import { attempt, measured, prepared, type Bench } from '../record.ts';
import { numbers, prose } from '../text.ts';
import { isOurs, type Work } from '../tool.ts';
import { lifeboatFiles } from '../tools/lifeboat.ts';

/** `lifeboat 300 MB`: a variant of the tool for each size, so that each has its line. */
export const nameForSize = (bytes: number): string =>
  bytes < 1e9 ? `lifeboat ${bytes / 1e6} MB` : `lifeboat ${bytes / 1e9} GB`;

/** Backup, verify and restore of one big file of each size: the memory for it must be the same. */
export async function memorySuite(bench: Bench): Promise<void> {
  const { tools, memorySizes } = bench.options;
  if (tools.length > 0 && !tools.some(isOurs)) return;
  for (const bytes of memorySizes) {
    const folder = join(bench.folder, 'memory');
    await mkdir(folder, { mode: 0o755 });
    try {
      bench.say(`Memory: a file of ${bytes / 1e6} MB`);
      await oneSize(bench, nameForSize(bytes), folder, bytes);
    } finally {
      await removeFolder(folder);
    }
  }
}

async function oneSize(bench: Bench, tool: string, folder: string, bytes: number): Promise<void> {
  const source = join(folder, 'source');
  const place = join(folder, 'lifeboat');
  const target = join(folder, 'restored');
  for (const path of [source, place, target]) await mkdir(path);
  await writeBigFile(join(source, 'big'), bytes, bench.signal);
  const repository = await prepared(bench, tool, () => lifeboatFiles.prepare(place, source, bench.signal));
  if (repository === undefined) return;
  const one = (work: Work, perform: Parameters<typeof measured>[3], after = async (): Promise<void> => {}) =>
    attempt(bench, tool, work, async () => {
      await settle(bench.signal, []);
      const before = await bytesIn(repository.folder);
      const cost = await measured(bench, tool, work, perform);
      await after();
      return { ...cost, plainBytes: bytes, storedBytes: (await bytesIn(repository.folder)) - before };
    });
  if (!(await one('memory-full', (stopwatch) => repository.backup(stopwatch)))) return;
  await one('memory-verify', async (stopwatch) => repository.verify?.(stopwatch));
  let copy = target;
  await one(
    'memory-restore',
    async (stopwatch) => void (copy = await repository.restore(stopwatch, target)),
    async () => void (await run(['cmp', join(source, 'big'), join(copy, 'big')], bench.signal)),
  );
}

const blockBytes = 4 * 2 ** 20;

/** Half noise, half text: it compresses to a little more than a half, and no two pieces of it are alike. */
export const writeBigFile = (path: string, bytes: number, signal: AbortSignal): Promise<void> =>
  pipeline(Readable.from(blocks(bytes), { highWaterMark: 2 }), createWriteStream(path), { signal });

function* blocks(bytes: number): Generator<Uint8Array> {
  const next = numbers(300);
  const text = Buffer.from(prose(800_000, next));
  const noise = createCipheriv('aes-256-ctr', Buffer.alloc(32, 1), Buffer.alloc(16));
  const zeros = Buffer.alloc(blockBytes);
  const pieceBytes = 2 ** 14;
  for (let written = 0; written < bytes; written += blockBytes) {
    const block = noise.update(zeros);
    for (let at = 0; at < blockBytes; at += 2 * pieceBytes) {
      const from = Math.floor(next() * (text.length - pieceBytes));
      text.copy(block, at, from, from + pieceBytes);
    }
    yield block.subarray(0, Math.min(blockBytes, bytes - written));
  }
}
