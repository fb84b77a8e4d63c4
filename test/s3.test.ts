import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { s3ServerMissing, startS3Server, type S3Server } from '../src/testing/s3/index.ts';
import { bucketPlan } from './support/bucket-plan.ts';
import { Place } from './support/lifeboat.ts';

const missing = s3ServerMissing();

describe.skipIf(missing !== undefined)(`copies in a bucket ${missing ?? ''}`, () => {
  let server: S3Server;
  let place: Place;
  const content = randomBytes(20 * 2 ** 20);
  beforeAll(async () => {
    process.env['LB_TEST_S3_PASS'] = 'correct horse battery staple';
    process.env['LB_TEST_S3_SECRET'] = 'SECRETTEST';
    server = await startS3Server();
    place = await Place.make(bucketPlan(server.endpoint));
    await mkdir(place.path('docs'));
    await writeFile(place.path('docs', 'large'), content);
    await writeFile(place.path('docs', 'small'), 'first');
  });
  afterAll(async () => {
    await server.destroy();
    await place.remove();
  });

  it('are made, listed, verified, restored on a machine that has nothing else, and forgotten', async () => {
    const init = await place.run('store', 'init');
    expect(init, init.stderr).toMatchObject({ exitCode: 0 });
    const first = await place.run('backup');
    expect(first, first.stderr).toMatchObject({ exitCode: 0 });
    await writeFile(place.path('docs', 'small'), 'second');
    const second = await place.run('backup');
    expect((second.json['points'] as { storedBytes: number }[])[0]?.storedBytes).toBeLessThan(100_000);
    expect(await place.run('verify', '--all')).toMatchObject({ exitCode: 0, json: { damage: [] } });

    const restored = await place.run('restore', 'docs', '--to', './out', '--state', './another');
    expect(restored, restored.stderr).toMatchObject({ exitCode: 0 });
    expect((await readFile(place.path('out', 'large'))).equals(content)).toBe(true);
    expect(await readFile(place.path('out', 'small'), 'utf8')).toBe('second');

    const points = (first.json['points'] as { id: string }[]).map(({ id }) => id);
    expect(await place.run('points', 'forget', points[0] as string)).toMatchObject({ exitCode: 0 });
    expect((await place.run('points')).json['points']).toHaveLength(1);
    expect(await place.run('verify', '--all')).toMatchObject({ exitCode: 0 });
  });

  it('are judged by what the place really does', async () => {
    const probe = await place.run('store', 'probe', 'far');
    expect(probe, probe.stderr).toMatchObject({ exitCode: 0, json: { ok: true, store: 'far' } });
    const facts = probe.json['facts'] as { code: string; verdict: string }[];
    expect(facts.find(({ code }) => code === 'atomic_create')).toMatchObject({ verdict: 'yes' });
    expect(await place.run('store', 'thaw', 'far', '--dry-run')).toMatchObject({ exitCode: 0, json: { frozen: 0 } });
    expect(await place.run('check', '--live')).toMatchObject({ json: { findings: expect.any(Array) } });
  });
});
