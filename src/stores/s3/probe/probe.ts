import { randomBytes } from 'node:crypto';
import { chance, formatBytes, formatDuration, limits, type Clock } from '../../../core/index.ts';
import type { ProbeOptions, StoreFact } from '../../store.ts';
import { bucketFacts } from '../bucket/facts.ts';
import { wishesOf } from '../bucket/prepare.ts';
import { download } from '../objects/download.ts';
import { classToServer } from '../objects/headers.ts';
import { listKeys } from '../objects/listing.ts';
import { upload } from '../objects/upload.ts';
import type { S3StoreParts } from '../s3-store.ts';
import { proveCreate } from './create.ts';
import { removeScratch } from './scratch.ts';

const smallRounds = 15;
const largeBytesDefault = 16 * 2 ** 20;
/** The classes that Amazon has, and others imitate. */
const classes = ['standard_ia', 'onezone_ia', 'intelligent_tiering', 'glacier_ir', 'glacier', 'deep_archive'];

/** What the server really does, found out on scratch objects below `tmp/`, which are removed. */
export async function* probeStore(parts: S3StoreParts, { bytes, signal }: ProbeOptions): AsyncIterable<StoreFact> {
  const { client, prefix, settings, lockMs } = parts;
  const steps: readonly (() => Promise<StoreFact | readonly StoreFact[]>)[] = [
    () => proveCreate(client, prefix),
    () => rangesAndListing(parts),
    () => signedBytes(parts),
    () => bucketFacts(client, prefix, wishesOf(settings, lockMs)),
    () => storageClasses(parts),
    () => clockFact(parts),
    () => smallObjects(parts),
    () => largeObject(parts, bytes ?? largeBytesDefault),
  ];
  for (const step of steps) {
    signal?.throwIfAborted();
    const found = await step();
    yield* 'code' in found ? [found] : found;
  }
}

const yes = (code: string, message: string): StoreFact => ({ code, verdict: 'yes', message, harmful: false });
const no = (code: string, message: string, harmful: boolean): StoreFact => ({ code, verdict: 'no', message, harmful });
const figure = (code: string, message: string, value: number): StoreFact => ({
  code,
  verdict: 'figure',
  message,
  value,
  harmful: false,
});

/** One scratch object, stored for the time of the work. */
async function withScratch<T>(
  { client, prefix }: S3StoreParts,
  content: Buffer,
  work: (key: string) => Promise<T>,
): Promise<T> {
  const key = `${prefix}tmp/probe-${chance(10)}`;
  const answer = await client.send({ method: 'PUT', key, body: [content] });
  const version = answer.headers['x-amz-version-id'];
  try {
    return await work(key);
  } finally {
    await removeScratch(client, key, typeof version === 'string' ? [version] : []);
  }
}

function rangesAndListing(parts: S3StoreParts): Promise<StoreFact[]> {
  const content = randomBytes(100_000);
  return withScratch(parts, content, async (key) => {
    const range = { offset: 70_000, length: 40_000 };
    const read = await download(parts.client, { key, range });
    const listed = await Array.fromAsync(listKeys(parts.client, key));
    const seen = listed.length === 1 && listed[0]?.bytes === content.length;
    return [
      read.equals(content.subarray(70_000))
        ? yes('ranges', 'ranges of objects are read')
        : no('ranges', 'a range gave other bytes than it should', true),
      seen
        ? yes('listing', 'what was put is listed at once')
        : no('listing', 'what was put is not listed at once: a prune could miss it', true),
    ];
  });
}

/** Sends other bytes than were signed: whoever takes them would also take bytes that changed on the way. */
async function signedBytes({ client, prefix }: S3StoreParts): Promise<StoreFact> {
  const key = `${prefix}tmp/probe-${chance(10)}`;
  const bodySha256 = '0'.repeat(64);
  const statuses = [400, 403];
  const answer = await client.send({
    method: 'PUT',
    key,
    body: [Buffer.from('changed')],
    bodySha256,
    accept: statuses,
  });
  if (statuses.includes(answer.status)) return yes('body_checksum', 'bytes that changed on the way are refused');
  await removeScratch(client, key);
  return no(
    'body_checksum',
    'the server does not compare what it received with the signature; damage on the way shows only when it is read',
    false,
  );
}

async function storageClasses(parts: S3StoreParts): Promise<StoreFact> {
  const { client, prefix } = parts;
  const held: string[] = [];
  for (const name of classes) {
    const key = `${prefix}tmp/probe-${chance(10)}`;
    const headers = { 'x-amz-storage-class': classToServer(name) };
    const answer = await client.send({
      method: 'PUT',
      key,
      body: [Buffer.from(name)],
      headers,
      accept: [400, 403, 404, 500, 501],
    });
    if (answer.status !== 200) continue;
    const { headers: found } = await client.send({ method: 'HEAD', key });
    if (found['x-amz-storage-class'] === classToServer(name)) held.push(name);
    const version = answer.headers['x-amz-version-id'];
    await removeScratch(client, key, typeof version === 'string' ? [version] : []);
  }
  const message = held.length === 0 ? 'there is one storage class' : `storage classes: ${held.join(', ')}`;
  return { code: 'storage_classes', verdict: 'figure', message, value: held.join(','), harmful: false };
}

async function clockFact({ client, prefix }: S3StoreParts): Promise<StoreFact> {
  const answer = await client.send({ method: 'GET', query: { 'list-type': '2', 'max-keys': '1', prefix } });
  const skewMs = Date.parse(answer.headers.date ?? '') - client.clock.now();
  if (Number.isNaN(skewMs))
    return { code: 'clock', verdict: 'unknown', message: 'the server does not say its time', harmful: false };
  // The server says whole seconds.
  const differs = Math.abs(skewMs) > limits.clockSkewMs;
  const message = differs
    ? `the clocks differ by ${formatDuration(Math.abs(skewMs))}`
    : 'the clock of the server agrees with ours';
  return { code: 'clock', verdict: differs ? 'no' : 'yes', message, value: Math.round(skewMs), harmful: false };
}

async function smallObjects(parts: S3StoreParts): Promise<StoreFact[]> {
  const content = randomBytes(1_000);
  const puts: number[] = [];
  const gets: number[] = [];
  for (let round = 0; round < smallRounds; round += 1) {
    const began = parts.client.clock.elapsed();
    await withScratch(parts, content, async (key) => {
      puts.push(parts.client.clock.elapsed() - began);
      gets.push(await timed(parts.client.clock, () => download(parts.client, { key })));
    });
  }
  return [
    figure('put_ms', `a small object is stored in ${median(puts).toFixed(1)} ms`, median(puts)),
    figure('get_ms', `a small object is read in ${median(gets).toFixed(1)} ms`, median(gets)),
  ];
}

async function largeObject({ client, prefix }: S3StoreParts, bytes: number): Promise<StoreFact[]> {
  const content = randomBytes(bytes);
  const key = `${prefix}tmp/probe-${chance(10)}`;
  try {
    const upMs = await timed(client.clock, () =>
      upload(client, { key, parts: [content], ifAbsent: false, headers: {} }),
    );
    let found: Buffer = Buffer.alloc(0);
    const downMs = await timed(client.clock, async () => (found = await download(client, { key })));
    const rate = (ms: number): number => Math.round((bytes / Math.max(ms, 1)) * 1000);
    return [
      figure('up_rate', `${formatBytes(bytes)} go up at ${formatBytes(rate(upMs))}/s`, rate(upMs)),
      found.equals(content)
        ? figure('down_rate', `and come down at ${formatBytes(rate(downMs))}/s`, rate(downMs))
        : no('down_rate', 'a large object came back with other bytes', true),
    ];
  } finally {
    await removeScratch(client, key);
  }
}

async function timed(clock: Clock, work: () => Promise<unknown>): Promise<number> {
  const began = clock.elapsed();
  await work();
  return clock.elapsed() - began;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
