import { join } from 'node:path';
import { s3ServerMissing, startS3Server, type S3Server } from '../../src/testing/s3/index.ts';
import { cpuSecondsOf, residentBytes } from '../process-tree.ts';
import { attempt, type Bench } from '../record.ts';
import type { Sample, Work } from '../tool.ts';
import { lossDuring } from '../wal/loss.ts';
import { placeOfStream, standbyNames, untilStreams, type StreamPlace } from '../wal/receivers.ts';
import type { BusyServer } from '../wal/source.ts';

const clients = 2;

/** How much would be lost with the server while it is written to, by where the stores are. */
export async function lossSuite(bench: Bench, server: BusyServer, folder: string): Promise<void> {
  const { signal } = bench;
  bench.say('What would be lost while the server is written to');
  const near = { type: 'fs', path: join(folder, 'store') };
  await one(bench, server, 'loss', () => placeOfStream(join(folder, 'near'), server.url, near, {}, signal));
  const missing = s3ServerMissing();
  if (missing !== undefined)
    return void bench.omissions.push({ tool: 'lifeboat', work: 'loss-s3', reason: missing, failed: false });
  const objects = await startS3Server();
  try {
    for (const [work, stream] of [
      ['loss-s3', {}],
      ['loss-s3-1s', { every: '1s' }],
    ] as const)
      await one(bench, server, work, () => inBucket(bench, server, objects, { work, stream, folder }));
  } finally {
    await objects.destroy();
  }
}

function inBucket(
  { signal }: Bench,
  { url }: BusyServer,
  { endpoint, accessKeyId, secretAccessKey }: S3Server,
  { work, stream, folder }: { work: Work; stream: object; folder: string },
): Promise<StreamPlace> {
  const store = { type: 's3', endpoint, bucket: work, accessKeyId, secretAccessKey: { env: 'BUCKET_SECRET' } };
  return placeOfStream(join(folder, work), url, store, stream, signal, { BUCKET_SECRET: secretAccessKey });
}

/** `seconds` is the loss that 99 of 100 moments stay below. */
async function one(bench: Bench, server: BusyServer, work: Work, prepare: () => Promise<StreamPlace>): Promise<void> {
  await attempt(bench, 'lifeboat', work, async (): Promise<Omit<Sample, 'tool' | 'work'>> => {
    const place = await prepare();
    const receiver = await place.start(bench.signal);
    try {
      await untilStreams(server, standbyNames.lifeboat, 'async', bench.signal);
      const cpuBefore = cpuSecondsOf(receiver.pid);
      const seconds = bench.options.quick ? 20 : 60;
      const loss = await lossDuring(server.url, () => server.load(clients, { seconds }));
      bench.say(`  ${work.padEnd(14)} half of all moments below ${loss.p50Seconds.toFixed(2)} s`);
      const { sum, peakOfOne } = residentBytes(receiver.pid);
      const peakBytes = Math.max(sum, peakOfOne);
      return { seconds: loss.p99Seconds, cpuSeconds: cpuSecondsOf(receiver.pid) - cpuBefore, peakBytes };
    } finally {
      await receiver.stop();
    }
  });
}
