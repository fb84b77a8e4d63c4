import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { s3ServerMissing, startS3Server, type S3Server } from '../../testing/s3/index.ts';
import { storeSuite } from '../store.suite.ts';
import { openTestS3 } from '../testing/s3-place.ts';

const missing = s3ServerMissing();

describe.skipIf(missing !== undefined)(`a bucket of a real server ${missing ?? ''}`, () => {
  let server: S3Server;
  let place = '';
  beforeAll(async () => {
    server = await startS3Server();
    place = `${server.endpoint} suite copies/near`;
    await (await openTestS3(place, { create: true })).close();
  });
  afterAll(() => server.destroy());

  storeSuite('s3', {
    make: async () => {
      const store = await openTestS3(place);
      for await (const { name } of store.list('')) await store.remove(name);
      await store.close();
      return { place, open: () => openTestS3(place), destroy: async () => {} };
    },
    race: { module: new URL('../testing/s3-race.ts', import.meta.url).pathname },
  });

  it('is atomic at creation, as the race at its making found out', async () => {
    const store = await openTestS3(place);
    expect(store.atomicCreate).toBe(true);
    await store.close();
  });
});
