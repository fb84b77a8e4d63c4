import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  s3ServerMissing,
  startFreezingProxy,
  startS3Server,
  type FreezingProxy,
  type S3Server,
} from '../src/testing/s3/index.ts';
import { bucketPlan } from './support/bucket-plan.ts';
import { Place, type Answer } from './support/lifeboat.ts';

const missing = s3ServerMissing();
const cold = 'cold: { every: 1d, to: [far], keep: { daily: 60d, tiers: [{ after: 1s, class: glacier, for: 90d }] } }';

// A real server behind a proxy that freezes one of its classes: none that can be had here does.
describe.skipIf(missing !== undefined)(`points that lie frozen in a bucket ${missing ?? ''}`, () => {
  let server: S3Server;
  let proxy: FreezingProxy;
  let place: Place;
  const content = randomBytes(3 * 2 ** 20);
  beforeAll(async () => {
    process.env['LB_TEST_S3_PASS'] = 'correct horse battery staple';
    process.env['LB_TEST_S3_SECRET'] = 'SECRETTEST';
    server = await startS3Server('memory', { classes: ['GLACIER'] });
    proxy = await startFreezingProxy(server.port);
    const plan = bucketPlan(proxy.endpoint)
      .replace('policies: {', `policies: { ${cold},`)
      .replace('assets: {', 'assets: { old: { type: files, path: ./old, domain: house, policy: cold },');
    place = await Place.make(plan);
    for (const folder of ['docs', 'old']) await mkdir(place.path(folder));
    await writeFile(place.path('docs', 'young'), randomBytes(300_000));
    await writeFile(place.path('old', 'large'), content);
  });
  afterAll(async () => {
    await proxy.close();
    await server.destroy();
    await place.remove();
  });

  const done = async (...words: string[]): Promise<Answer> => {
    const answer = await place.run(...words);
    expect(answer, answer.stderr).toMatchObject({ exitCode: 0 });
    return answer;
  };

  it('say so, thaw when they are asked for, and come back, all through the command line', async () => {
    await done('store', 'init');
    const { points } = (await done('backup')).json as { points: { id: string; asset: string }[] };
    const id = points.find(({ asset }) => asset === 'old')?.id ?? '';
    await setTimeout(1_100);
    for (let night = 0; night < 3; night += 1) await done('store', 'prune', 'far', '--yes');
    const listed = (await done('points', 'old')).json as { points: { cold: object[] }[] };
    expect(listed.points[0]?.cold).toMatchObject([{ store: 'far', classes: ['glacier'], hours: 5 }]);

    // The old one says what it needs, and the verification what it could not read.
    const refused = await place.run('restore', 'old', '--to', './out');
    expect(refused).toMatchObject({ exitCode: 4, json: { error: { code: 'store.frozen' } } });
    expect(refused.stderr + refused.stdout).toContain(`lifeboat store thaw far --point ${id} --wait`);
    const passed = await done('verify', 'old');
    expect(frozenOf(passed)).toMatchObject({ points: [id], packs: expect.any(Number) });

    const thaw = ['store', 'thaw', 'far', '--point', id];
    expect(await place.run(...thaw)).toMatchObject({ exitCode: 3, json: { frozen: 0, classes: ['glacier'] } });
    expect(proxy.asked.length).toBeGreaterThan(0);
    expect(new Set(proxy.asked).size).toBe(proxy.asked.length);
    const before = proxy.asked.length;
    expect(await place.run(...thaw)).toMatchObject({ exitCode: 3, json: { thawing: before } });
    expect(proxy.asked.length).toBe(before);

    proxy.finishThaws();
    expect(await done(...thaw, '--wait')).toMatchObject({ json: { thawed: before, thawing: 0, frozen: 0 } });
    await done('restore', 'old', '--to', './out');
    expect((await readFile(place.path('out', 'large'))).equals(content)).toBe(true);
    const read = await done('verify', 'old');
    expect(frozenOf(read)).toMatchObject({ packs: 0, points: [] });
    expect(await done('points', 'old')).toMatchObject({ json: { points: [{ verifiedAt: expect.any(String) }] } });
  });
});

const frozenOf = ({ json }: Answer): unknown => (json['checked'] as { far: { frozen: unknown } }).far.frozen;
