import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/core/index.ts';
import { s3Store } from '../../src/stores/s3/index.ts';
import { s3ServerMissing, startS3Server, type S3Server } from '../../src/testing/s3/index.ts';
import { bytesIn, removeFolder, settle } from '../folder.ts';
import { run } from '../measure.ts';
import { attempt, inTurn, measured, prepared, present, type Bench } from '../record.ts';
import { numbers } from '../text.ts';
import type { Bucket, BucketRepository, BucketTool, Work } from '../tool.ts';
import { lifeboatOnS3, resticOnS3 } from '../tools/on-s3.ts';
import { writeFiles } from './files.ts';
import { writeBigFile } from './memory.ts';

const tools: readonly BucketTool[] = [lifeboatOnS3, resticOnS3];
/** Beside the big file, because a bucket answers many small questions slowly. */
const smallFiles = 2_000;

interface Taking {
  readonly tool: BucketTool;
  readonly bucket: Bucket;
  readonly repository: BucketRepository;
}

/** Full, second, restore and verify of a folder, in buckets of one real server on this machine, which keeps them in memory. */
export async function s3Suite(bench: Bench): Promise<void> {
  const missing = s3ServerMissing();
  const wanted = present(bench, tools);
  if (missing !== undefined) {
    for (const { name } of wanted)
      bench.omissions.push({ tool: name, work: 's3-full', reason: missing, failed: false });
    bench.say(`S3: left out: ${missing}`);
    return;
  }
  const folder = join(bench.folder, 's3');
  const source = join(folder, 'source');
  await mkdir(source, { recursive: true });
  try {
    bench.say('S3: making the source');
    await writeFiles(source, 0, smallFiles, 1, 0, bench.signal);
    await writeBigFile(join(source, 'big'), bench.options.s3Bytes, bench.signal);
    for (let round = 0; round < bench.options.repetitions; round += 1) {
      bench.say(`S3, round ${round + 1} of ${bench.options.repetitions}`);
      // What one round left would be in the memory of the next.
      const server = await startS3Server();
      try {
        await oneRound(bench, server, source, inTurn(wanted, round), join(folder, String(round)), round);
      } finally {
        await server.destroy();
      }
    }
  } finally {
    await removeFolder(folder);
  }
}

async function oneRound(
  bench: Bench,
  server: S3Server,
  source: string,
  wanted: readonly BucketTool[],
  folder: string,
  round: number,
): Promise<void> {
  const taking: Taking[] = [];
  for (const tool of wanted) {
    const place = join(folder, tool.name);
    await mkdir(place, { recursive: true });
    const { endpoint, accessKeyId, secretAccessKey } = server;
    const bucket = { endpoint, name: tool.name, accessKeyId, secretAccessKey };
    const repository = await prepared(bench, tool.name, () => tool.prepare(place, source, bucket, bench.signal));
    if (repository === undefined) continue;
    const one = { tool, bucket, repository };
    if (await backUp(bench, 's3-full', one, source)) taking.push(one);
  }
  await change(source, bench.options.s3Bytes, round);
  for (const one of taking) await backUp(bench, 's3-second', one, source);
  for (const one of taking) await bringBack(bench, one, source, join(folder, 'restored'));
  for (const { tool, repository } of taking) {
    await attempt(bench, tool.name, 's3-verify', async () => {
      await settle(bench.signal, []);
      const cost = await measured(bench, tool.name, 's3-verify', (stopwatch) => repository.verify(stopwatch));
      return { ...cost, plainBytes: await bytesIn(source) };
    });
  }
  await removeFolder(folder);
}

/** A hundredth of the small files, and a hundredth of the big one in one stretch. */
async function change(source: string, bytes: number, round: number): Promise<void> {
  await writeFiles(source, round % 100, smallFiles, 100, round + 1);
  const next = numbers(round + 7);
  const part = new Uint8Array(Math.floor(bytes / 100)).map(() => next() * 256);
  const file = await open(join(source, 'big'), 'r+');
  try {
    await file.write(part, 0, part.length, Math.floor(next() * (bytes - part.length)));
  } finally {
    await file.close();
  }
}

const backUp = (bench: Bench, work: Work, { tool, bucket, repository }: Taking, source: string): Promise<boolean> =>
  attempt(bench, tool.name, work, async () => {
    await settle(bench.signal, [source]);
    const before = await bytesInBucket(bucket);
    const cost = await measured(bench, tool.name, work, (stopwatch) => repository.backup(stopwatch));
    return { ...cost, storedBytes: (await bytesInBucket(bucket)) - before, plainBytes: await bytesIn(source) };
  });

async function bringBack(bench: Bench, { tool, repository }: Taking, source: string, target: string): Promise<void> {
  await mkdir(target);
  await attempt(bench, tool.name, 's3-restore', async () => {
    await settle(bench.signal, []);
    let copy = target;
    const cost = await measured(
      bench,
      tool.name,
      's3-restore',
      async (stopwatch) => void (copy = await repository.restore(stopwatch, target)),
    );
    await run(['diff', '--recursive', '--brief', '--no-dereference', source, copy], bench.signal);
    return { ...cost, plainBytes: await bytesIn(source) };
  });
  await removeFolder(target);
}

/** The names that restic gives are names of objects to us too. */
async function bytesInBucket({ endpoint, name, accessKeyId, secretAccessKey }: Bucket): Promise<number> {
  const variable = 'LIFEBOAT_BENCH_BUCKET_SECRET';
  process.env[variable] = secretAccessKey;
  const settings = { endpoint, bucket: name, accessKeyId, secretAccessKey: { env: variable } };
  const store = await s3Store.open(settings, { baseFolder: '/', create: false, clock: systemClock });
  try {
    let bytes = 0;
    for await (const object of store.list('')) bytes += object.bytes;
    return bytes;
  } finally {
    await store.close();
  }
}
