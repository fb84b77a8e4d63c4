import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../src/core/index.ts';
import { s3ServerMissing, startS3Server } from '../src/testing/s3/index.ts';
import { Place } from './support/lifeboat.ts';
import { bucketPlan } from './support/bucket-plan.ts';

const missing = s3ServerMissing();

describe.skipIf(missing !== undefined)(`a server of objects on a disk ${missing ?? ''}`, () => {
  it('killed and started again in the middle of a backup loses nothing: the backup waits for it, or says that it did not come', async () => {
    process.env['LB_TEST_S3_PASS'] = 'correct horse battery staple';
    process.env['LB_TEST_S3_SECRET'] = 'SECRETTEST';
    const server = await startS3Server('disk');
    const place = await Place.make(bucketPlan(server.endpoint));
    try {
      await mkdir(place.path('docs'));
      await writeFile(place.path('docs', 'small'), 'first');
      expect(await place.run('store', 'init')).toMatchObject({ exitCode: 0 });
      expect(await place.run('backup')).toMatchObject({ exitCode: 0 });
      const content = randomBytes(200 * 2 ** 20);
      await writeFile(place.path('docs', 'large'), content);

      const backup = place.start(['backup', '--json']);
      backup.stdout?.resume();
      backup.stderr?.resume();
      const ended = once(backup, 'close');
      await systemClock.sleep(1_500);
      await server.kill();
      await systemClock.sleep(1_000);
      await server.start();
      const [exitCode] = (await ended) as [number];
      expect([0, 4]).toContain(exitCode);

      expect(await place.run('verify', '--all')).toMatchObject({ exitCode: 0, json: { damage: [] } });
      const again = await place.run('backup');
      expect(again, again.stderr).toMatchObject({ exitCode: 0 });
      expect(await place.run('restore', 'docs', '--to', './out')).toMatchObject({ exitCode: 0 });
      expect((await readFile(place.path('out', 'large'))).equals(content)).toBe(true);
    } finally {
      await server.destroy();
      await place.remove();
    }
  });
});
