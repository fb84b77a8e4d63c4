import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import type { Store, StoreContext } from '../../stores/index.ts';
import { s3Store } from '../../stores/s3/index.ts';
import type { S3Settings } from '../../stores/s3/settings.ts';
import { connect } from '../../stores/s3/open.ts';
import { checked } from '../../stores/s3/objects/checked.ts';
import { testContext, testS3Settings } from '../../stores/testing/s3-place.ts';
import { s3ServerMissing, startS3Server, type S3Server } from '../../testing/s3/index.ts';
import type { Point } from '../repository.ts';
import { backup, file, makeRepository, readAll, reopen, writeOptions } from '../testing/fixtures.ts';
import type { PruneOptions, PruneResult } from './index.ts';

const missing = s3ServerMissing();
const dayMs = 86_400_000;
const options: PruneOptions = { clock: systemClock, host: 'here', dryRun: false };
const shared = file('shared', randomBytes(400_000));
const own = (): ReturnType<typeof file> => file('own', randomBytes(300_000));

describe.skipIf(missing !== undefined)(`a prune of a bucket ${missing ?? ''}`, () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3Server();
  });
  afterAll(() => server.destroy());

  type Asked = Partial<S3Settings> & { bucket: string };
  const open = (asked: Asked, more: Partial<StoreContext> = {}): Promise<Store> =>
    s3Store.open(testS3Settings(server.endpoint, asked), testContext(more));

  /** Three points, of which the one in the middle is forgotten. */
  async function twoOfThree(store: Store): Promise<Point[]> {
    await makeRepository(store);
    const points: Point[] = [];
    for (let i = 0; i < 3; i += 1) points.push(await backup(await reopen(store), [own(), shared]));
    await (await reopen(store)).forget((points[1] as Point).id);
    return points.filter((_, i) => i !== 1);
  }

  const pruneOf = async (store: Store): Promise<PruneResult> => (await reopen(store)).prune(options);
  const bytesOf = async (store: Store): Promise<number> =>
    (await Array.fromAsync(store.list('packs'))).reduce((total, { bytes }) => total + bytes, 0);

  async function expectSound(store: Store, points: readonly Point[]): Promise<void> {
    const repository = await reopen(store);
    const { damage, sound } = await repository.verify({ depth: 'everything' });
    expect(damage).toEqual([]);
    expect(sound.toSorted()).toEqual(points.map(({ id }) => id).toSorted());
    for (const point of points) expect((await readAll(repository, point)).get('shared')?.length).toBe(400_000);
  }

  /** No statements: the policy is taken away. */
  const policy = async (bucket: string, statements: readonly Record<string, unknown>[]): Promise<void> => {
    const client = await connect(testS3Settings(server.endpoint, { bucket }), testContext());
    // This server refuses every policy, open to the public or not, while that door is shut.
    await client.send({ method: 'DELETE', query: { publicAccessBlock: '' } });
    const body = JSON.stringify({ Version: '2012-10-17', Statement: statements });
    const change =
      statements.length === 0 ? { method: 'DELETE' as const } : { method: 'PUT' as const, ...checked(body) };
    await client.send({ ...change, query: { policy: '' } });
    client.close();
  };
  const on = (bucket: string, below = ''): string[] => [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/${below}*`];

  it('brings the space of what was forgotten back', async () => {
    const store = await open({ bucket: 'plain' }, { create: true });
    const points = await twoOfThree(store);
    const before = await bytesOf(store);
    expect((await pruneOf(store)).deleted.packs).toBe(1);
    expect(before - (await bytesOf(store))).toBeGreaterThan(300_000);
    await expectSound(store, points);
    await store.close();
  });

  it('that keeps versions hides what goes, and the bucket as it was still gives it back', async () => {
    const asked = { bucket: 'versions', versioning: true };
    const store = await open(asked, { create: true });
    await makeRepository(store);
    const first = await backup(await reopen(store), [own(), shared]);
    const second = await backup(await reopen(store), [own(), shared]);
    await systemClock.sleep(1_100);
    const asOfMs = systemClock.now();
    await systemClock.sleep(1_100);
    await (await reopen(store)).forget(first.id);
    expect((await pruneOf(store)).deleted.packs).toBe(1);
    await expectSound(store, [second]);
    const past = await open(asked, { asOfMs });
    expect((await readAll(await reopen(past), first)).get('shared')?.length).toBe(400_000);
    await Promise.all([store.close(), past.close()]);
  });

  it('whose objects are locked goes through, and the locks keep what they lock', async () => {
    const store = await open({ bucket: 'locked', lockMode: 'governance' }, { create: true, lockMs: dayMs });
    const points = await twoOfThree(store);
    const result = await pruneOf(store);
    expect([result.deleted.packs, result.retained]).toEqual([1, []]);
    await expectSound(store, points);
    const client = await connect(testS3Settings(server.endpoint, { bucket: 'locked' }), testContext());
    const { body } = await client.send({ method: 'GET', query: { versions: '', prefix: 'packs/' } });
    client.close();
    // Three packs of points are there, one of them behind a marker.
    expect(body.toString().match(/<Version>/g)?.length).toBe(3);
    expect(body.toString().match(/<DeleteMarker>/g)?.length).toBe(1);
    await store.close();
  });

  it('that refuses to delete packs names them as retained, and takes them when it may', async () => {
    const store = await open({ bucket: 'refusing' }, { create: true });
    const points = await twoOfThree(store);
    await policy('refusing', [
      { Effect: 'Deny', Principal: '*', Action: 's3:DeleteObject', Resource: on('refusing', 'packs/') },
    ]);
    const refused = await pruneOf(store);
    expect([refused.deleted.packs, refused.retained.length]).toEqual([0, 1]);
    expect(refused.retained[0]).toMatchObject({ object: /^packs\//, reason: /refused/ });
    await expectSound(store, points);
    await policy('refusing', []);
    expect((await pruneOf(store)).deleted.packs).toBe(1);
    await expectSound(store, points);
    await store.close();
  });

  it('has an identity of its own: who backs up there cannot delete, and leaves its sessions to who can', async () => {
    const store = await open({ bucket: 'apart' }, { create: true });
    const [first, third] = await twoOfThree(store);
    await server.admin(
      'user',
      'create',
      '--uid=writer',
      '--display-name=writer',
      '--access-key=WRITER',
      '--secret-key=SECRETTEST',
    );
    const Action = ['s3:GetObject', 's3:PutObject', 's3:ListBucket', 's3:ListBucketMultipartUploads'];
    const user = (name: string): unknown => ({ AWS: [`arn:aws:iam:::user/${name}`] });
    // Both by name: an object belongs to who wrote it, and without a policy nobody else may read it, the bucket's owner neither.
    await policy('apart', [
      { Effect: 'Allow', Principal: user('writer'), Action, Resource: on('apart') },
      { Effect: 'Allow', Principal: user('t'), Action: 's3:*', Resource: on('apart') },
    ]);
    const writers = await open({ bucket: 'apart', accessKeyId: 'WRITER' });
    await expect(writers.remove(`points/${first?.id}`)).rejects.toMatchObject({ code: 'store.denied' });
    const repository = await reopen(writers);
    const point = await backup(repository, [own(), shared]);
    expect((await Array.fromAsync(store.list('sessions'))).length).toBeGreaterThan(0);
    await expect(repository.prune(options)).resolves.toMatchObject({ deleted: { packs: 0 } });

    const result = await pruneOf(store);
    expect(result.writers).toEqual([]);
    expect(result.deleted.packs + result.rewritten.packs).toBeGreaterThan(0);
    expect(await Array.fromAsync(store.list('sessions'))).toEqual([]);
    await expectSound(store, [first, third, point] as Point[]);
    await Promise.all([store.close(), writers.close()]);
  });

  it('gives up a writer by name, whose point is then refused, and its next backup is whole', async () => {
    const store = await open({ bucket: 'evicting' }, { create: true });
    const points = await twoOfThree(store);
    const writer = await (await reopen(store)).write({ ...writeOptions, host: 'elsewhere' });
    await writer.add(shared);
    const [session] = await Array.fromAsync(store.list('sessions'));
    const id = session?.name.slice('sessions/'.length) as string;
    const repository = await reopen(store);
    const result = await repository.prune({ ...options, evict: [id] });
    expect([result.evicted, result.deleted.packs]).toEqual([[id], 1]);
    const facts = { atMs: 0, kind: 'tree', source: { id: 'test', description: '' }, facts: {}, warnings: [] };
    await expect(writer.commit(facts, { planHash: '', tool: '' })).rejects.toMatchObject({ code: expect.any(String) });
    await writer.abandon();
    await expectSound(store, [...points, await backup(await reopen(store), [shared])]);
    await store.close();
  });
});
