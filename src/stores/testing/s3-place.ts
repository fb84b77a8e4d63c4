import { systemClock } from '../../core/index.ts';
import { s3Store } from '../s3/index.ts';
import { checked } from '../s3/objects/checked.ts';
import { connect } from '../s3/open.ts';
import type { S3Settings } from '../s3/settings.ts';
import { writeXml, type XmlTree } from '../s3/transport/xml.ts';
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

/** As somebody does who may change the bucket: this rule is the only one then. */
export async function setLifecycle(endpoint: string, bucket: string, rule: XmlTree): Promise<void> {
  const client = await connect(testS3Settings(endpoint, { bucket }), testContext());
  try {
    const LifecycleConfiguration = { Rule: { ID: 'theirs', Status: 'Enabled', ...rule } };
    await client.send({
      method: 'PUT',
      query: { lifecycle: '' },
      ...checked(writeXml({ LifecycleConfiguration })),
    });
  } finally {
    client.close();
  }
}
