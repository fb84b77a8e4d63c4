import { systemClock } from '../../core/index.ts';
import { s3Store } from '../s3/index.ts';
import type { S3Settings } from '../s3/settings.ts';
import type { Store, StoreContext } from '../store.ts';

/** Reads the key by a source, as a plan must. */
export function testS3Settings(endpoint: string, more: Partial<S3Settings> & { bucket: string }): S3Settings {
  process.env['LB_TEST_S3_SECRET'] = 'SECRETTEST';
  return { endpoint, accessKeyId: 'AKIATEST', secretAccessKey: { env: 'LB_TEST_S3_SECRET' }, ...more };
}

export const testContext = (more: Partial<StoreContext> = {}): StoreContext => ({
  baseFolder: '/',
  create: false,
  clock: systemClock,
  ...more,
});

/** `endpoint bucket prefix`, as one word for another process. */
export function openTestS3(place: string, more: Partial<StoreContext> = {}): Promise<Store> {
  const [endpoint = '', bucket = '', prefix = ''] = place.split(' ');
  return s3Store.open(testS3Settings(endpoint, { bucket, prefix }), testContext(more));
}
