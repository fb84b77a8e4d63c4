import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import { s3Store } from '../../stores/s3/index.ts';
import { testContext, testS3Settings } from '../../stores/testing/s3-place.ts';
import { s3ServerMissing, startS3Server, type S3Server } from '../../testing/s3/index.ts';
import { backup, file, makeRepository, readAll, reopen } from '../testing/fixtures.ts';

const missing = s3ServerMissing();
const options = { clock: systemClock, host: 'here', dryRun: false };

describe.skipIf(missing !== undefined)(`a bucket with classes ${missing ?? ''}`, () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3Server();
  });
  afterAll(() => server.destroy());

  it('takes what only old points need into a class that is read at once, in one that keeps versions and locks, too', async () => {
    const settings = testS3Settings(server.endpoint, { bucket: 'cool', lockMode: 'governance' });
    const store = await s3Store.open(settings, testContext({ create: true, lockMs: 86_400_000 }));
    await makeRepository(store);
    const [old, young] = [randomBytes(400_000), randomBytes(400_000)];
    const first = await backup(await reopen(store), [file('old', old)]);
    const second = await backup(await reopen(store), [file('young', young)]);
    const classes = new Map([[first.id, 'standard_ia']]);
    for (let day = 0; day < 3; day += 1) {
      await (await reopen(store)).prune(options);
      await (await reopen(store)).cool({ ...options, classes });
    }
    const { lies, retained } = await (await reopen(store)).cool({ ...options, classes });
    expect([lies.map((one) => [one.class, one.packs]), retained]).toEqual([[['standard_ia', 1]], []]);
    for await (const { name, storageClass } of store.list('packs/'))
      if (storageClass !== undefined) expect(await store.lockedUntil?.(name)).toBeGreaterThan(systemClock.now());

    const repository = await reopen(store);
    const { damage, sound, frozen } = await repository.verify({ depth: 'everything' });
    expect([damage, sound.length, frozen.packs]).toEqual([[], 2, 0]);
    expect((await readAll(repository, first)).get('old')).toEqual(old);
    // It is read at once, so that a backup may count on it.
    expect((await backup(repository, [file('old', old)])).storedBytes).toBeLessThan(20_000);
    expect((await repository.cold([first, second])).get(first.id)).toMatchObject({
      classes: ['standard_ia'],
      frozen: [],
    });
    await store.close();
  });
});
