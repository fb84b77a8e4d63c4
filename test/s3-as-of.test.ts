import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isoTime, systemClock } from '../src/core/index.ts';
import { openTestS3 } from '../src/stores/testing/s3-place.ts';
import { s3ServerMissing, startS3Server, type S3Server } from '../src/testing/s3/index.ts';
import { bucketPlan } from './support/bucket-plan.ts';
import { Place } from './support/lifeboat.ts';

const missing = s3ServerMissing();

describe.skipIf(missing !== undefined)(`a bucket that somebody wasted ${missing ?? ''}`, () => {
  let server: S3Server;
  let place: Place;
  beforeAll(async () => {
    process.env['LB_TEST_S3_PASS'] = 'correct horse battery staple';
    process.env['LB_TEST_S3_SECRET'] = 'SECRETTEST';
    server = await startS3Server();
    const folder = '  near: { type: fs, path: ./near, domain: house }\npolicies:';
    place = await Place.make(
      bucketPlan(server.endpoint)
        .replace('bucket: shop', 'bucket: shop\n    versioning: true')
        .replace('policies:', folder),
    );
    await mkdir(place.path('docs'));
    await mkdir(place.path('near'));
    await writeFile(place.path('docs', 'small'), 'before');
  });
  afterAll(async () => {
    await server.destroy();
    await place.remove();
  });

  it('is read as it was before: its points are listed and restored, and nothing is written there', async () => {
    const init = await place.run('store', 'init', 'far');
    expect(init, init.stderr).toMatchObject({ exitCode: 0 });
    expect(await place.run('backup')).toMatchObject({ exitCode: 0 });
    await systemClock.sleep(1_100);
    const before = isoTime(systemClock.now());
    await systemClock.sleep(1_100);
    await waste(`${server.endpoint} shop lifeboat`);

    const now = await place.run('restore', 'docs', '--to', './lost');
    expect(now.exitCode).not.toBe(0);
    const listed = await place.run('points', '--as-of', before);
    expect(listed, listed.stderr).toMatchObject({ exitCode: 0, json: { points: [{ asset: 'docs' }] } });
    expect(listed.json['unanswered']).toMatchObject([{ store: 'near', code: 'store.unfit' }]);
    const restored = await place.run('restore', 'docs', '--to', './out', '--as-of', before, '--state', './another');
    expect(restored, restored.stderr).toMatchObject({ exitCode: 0 });
    expect(await readFile(place.path('out', 'small'), 'utf8')).toBe('before');
  });

  it('has no future', async () => {
    const moment = isoTime(systemClock.now() + 86_400_000);
    expect(await place.run('points', '--as-of', moment)).toMatchObject({ exitCode: 2 });
  });
});

/** Every second object is deleted, the others hold something else. */
async function waste(bucket: string): Promise<void> {
  const store = await openTestS3(bucket);
  let at = 0;
  for (const { name } of await Array.fromAsync(store.list(''))) {
    at += 1;
    if (at % 2 === 0) await store.remove(name);
    else await store.put(name, [Buffer.from('wasted')]);
  }
  await store.close();
}
