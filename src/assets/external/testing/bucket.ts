import { readFile } from 'node:fs/promises';
import { systemClock } from '../../../core/index.ts';
import { connect } from '../../../stores/s3/open.ts';
import { testS3Settings } from '../../../stores/testing/s3-place.ts';
import type { S3Server } from '../../../testing/s3/index.ts';

export interface TheirBucket {
  /** How a plan reaches it. */
  readonly access: Record<string, unknown>;
  put(key: string, bytes: Uint8Array): Promise<void>;
  putFile(key: string, path: string): Promise<void>;
}

/** A bucket as others have one: whatever names, nothing of ours in it. */
export async function makeTheirBucket(server: S3Server, bucket: string): Promise<TheirBucket> {
  const access = testS3Settings(server.endpoint, { bucket });
  const client = await connect(access, { clock: systemClock });
  await client.send({ method: 'PUT' });
  client.close();
  const put = async (key: string, bytes: Uint8Array): Promise<void> => {
    const own = await connect(access, { clock: systemClock });
    await own.send({ method: 'PUT', key, body: [bytes] });
    own.close();
  };
  return { access, put, putFile: async (key, path) => put(key, await readFile(path)) };
}
