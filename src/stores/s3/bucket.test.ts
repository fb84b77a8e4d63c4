import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import { s3ServerMissing, startS3Server, type S3Server } from '../../testing/s3/index.ts';
import { s3Store } from './index.ts';
import type { Store, StoreContext, StoreFact } from '../index.ts';
import { testContext, testS3Settings } from '../testing/s3-place.ts';
import { checked } from './objects/checked.ts';
import { connect } from './open.ts';
import type { S3Settings } from './settings.ts';
import type { Client } from './transport/client.ts';
import { writeXml, type XmlTree } from './transport/xml.ts';

const missing = s3ServerMissing();
const dayMs = 86_400_000;

describe.skipIf(missing !== undefined)(`a bucket as the plan asks ${missing ?? ''}`, () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3Server();
  });
  afterAll(() => server.destroy());

  type Asked = Partial<S3Settings> & { bucket: string };
  const settings = (asked: Asked): S3Settings => testS3Settings(server.endpoint, asked);
  const prepare = async (asked: Asked, more: Partial<StoreContext> = {}): Promise<readonly StoreFact[]> =>
    (await s3Store.prepare?.(settings(asked), testContext(more))) ?? [];
  const open = (asked: Asked, more: Partial<StoreContext> = {}): Promise<Store> =>
    s3Store.open(settings(asked), testContext(more));
  const verdicts = (facts: readonly StoreFact[]): Record<string, string> =>
    Object.fromEntries(facts.map(({ code, verdict }) => [code, verdict]));
  const withClient = async <T>(bucket: string, work: (client: Client) => Promise<T>): Promise<T> => {
    const client = await connect(settings({ bucket }), testContext());
    try {
      return await work(client);
    } finally {
      client.close();
    }
  };
  const rules = (bucket: string): Promise<string> =>
    withClient(bucket, async (client) =>
      (await client.send({ method: 'GET', query: { lifecycle: '' } })).body.toString(),
    );
  const setRule = (bucket: string, rule: XmlTree): Promise<unknown> =>
    withClient(bucket, (client) =>
      client.send({
        method: 'PUT',
        query: { lifecycle: '' },
        ...checked(writeXml({ LifecycleConfiguration: { Rule: { ID: 'theirs', Status: 'Enabled', ...rule } } })),
      }),
    );

  it('is made with versions and locks, shut to the public, cleaning up only what nobody sees; asked again nothing changes', async () => {
    const asked = { bucket: 'whole', prefix: 'lb', versioning: true };
    const facts = await prepare(asked, { lockMs: dayMs });
    expect(verdicts(facts)).toMatchObject({
      bucket: 'yes',
      versioning: 'yes',
      object_lock: 'yes',
      public_access: 'yes',
      lifecycle: 'yes',
    });
    const before = await rules('whole');
    expect(before).toContain('lifeboat-unfinished-uploads');
    expect(before).not.toMatch(/<Expiration><Days>|<Transition>/);
    await prepare(asked, { lockMs: dayMs });
    expect(await rules('whole')).toBe(before);
  });

  it('is not weakened: the rules and the longer time of others stay', async () => {
    await prepare({ bucket: 'theirs', versioning: true });
    await setRule('theirs', { Prefix: '', NoncurrentVersionExpiration: { NoncurrentDays: 400 } });
    await prepare({
      bucket: 'theirs',
      versioning: true,
      lifecycle: [{ after: 30 * dayMs, expire: true, versions: true }],
    });
    const found = await rules('theirs');
    expect(found).toContain('<NoncurrentDays>400</NoncurrentDays>');
    expect(found).toContain('lifeboat-unfinished-uploads');
    expect(found).not.toContain('lifeboat-old-versions');
  });

  it('that deletes live objects by a rule is refused, and the probe calls it harmful', async () => {
    const asked = { bucket: 'expiring', prefix: 'lb' };
    await prepare(asked);
    await setRule('expiring', { Prefix: '', Expiration: { Days: 90 } });
    await expect(prepare(asked)).rejects.toMatchObject({
      code: 'store.unfit',
      message: /"theirs" deletes live objects after 90 days/,
    });
    const store = await open(asked);
    const facts = await Array.fromAsync(store.probe?.({ bytes: 100_000 }) ?? []);
    await store.close();
    expect(facts.filter(({ harmful }) => harmful).map(({ code }) => code)).toEqual(['lifecycle']);
    expect(verdicts(facts)).toMatchObject({
      atomic_create: 'yes',
      ranges: 'yes',
      listing: 'yes',
      body_checksum: 'yes',
      clock: 'yes',
    });
    expect(facts.find(({ code }) => code === 'storage_classes')?.value).toBe('standard_ia');
    expect(facts.map(({ code }) => code)).toEqual(expect.arrayContaining(['put_ms', 'get_ms', 'up_rate', 'down_rate']));
  });

  it('is refused to a plan whose rule would touch live objects', async () => {
    const asked = { bucket: 'frozen', lifecycle: [{ after: 30 * dayMs, class: 'glacier' }] };
    await expect(prepare(asked)).rejects.toMatchObject({ code: 'store.unfit', message: /live objects/ });
  });

  it('says what cannot be had: a lock on a bucket that was made without', async () => {
    await prepare({ bucket: 'open' });
    await expect(prepare({ bucket: 'open' }, { lockMs: dayMs })).rejects.toMatchObject({
      code: 'store.unfit',
      message: /lock/,
    });
    await expect(prepare({ bucket: 'plain', transport: 'tls' })).rejects.toMatchObject({
      code: 'store.unfit',
      message: /https/,
    });
  });

  it('keeps a locked object whatever is deleted, and locks it for longer', async () => {
    const store = await open({ bucket: 'locked', lockMode: 'governance' }, { create: true, lockMs: dayMs });
    await store.put('packs/a', [Buffer.from('safe')]);
    const longerMs = systemClock.now() + 9 * dayMs;
    await store.extend?.('packs/a', longerMs);
    await store.extend?.('packs/a', systemClock.now() + dayMs);
    await store.remove('packs/a');
    expect(await store.stat('packs/a')).toBeUndefined();
    await withClient('locked', async (client) => {
      const { body } = await client.send({ method: 'GET', query: { versions: '', prefix: 'packs/' } });
      const versionId = /<Version>.*?<VersionId>([^<]+)/.exec(body.toString())?.[1] as string;
      const remove = client.send({ method: 'DELETE', key: 'packs/a', query: { versionId } });
      await expect(remove).rejects.toMatchObject({ code: 'store.denied' });
      const held = await client.send({ method: 'GET', key: 'packs/a', query: { retention: '', versionId } });
      const until = Date.parse(/<RetainUntilDate>([^<]+)/.exec(held.body.toString())?.[1] ?? '');
      expect(Math.abs(until - longerMs)).toBeLessThan(2_000);
    });
    await store.close();
  });

  it('is read as it was: what was deleted or replaced since is there, what was deleted before is not', async () => {
    const asked = { bucket: 'past', prefix: 'lb', versioning: true };
    const store = await open(asked, { create: true });
    for (const name of ['kept', 'replaced', 'deleted', 'gone']) await store.put(`points/${name}`, [Buffer.from('old')]);
    await store.remove('points/gone');
    await systemClock.sleep(1_100);
    const asOfMs = systemClock.now();
    await systemClock.sleep(1_100);
    await store.put('points/replaced', [Buffer.from('changed')]);
    await store.put('points/new', []);
    await store.remove('points/deleted');
    const past = await open(asked, { asOfMs });
    const names = (await Array.fromAsync(past.list('points'))).map(({ name }) => name);
    expect(names.sort()).toEqual(['points/deleted', 'points/kept', 'points/replaced']);
    expect((await past.get('points/replaced')).toString()).toBe('old');
    expect((await past.get('points/deleted', { range: { offset: 1, length: 2 } })).toString()).toBe('ld');
    await expect(past.get('points/new')).rejects.toMatchObject({ code: 'store.missing' });
    expect(await past.stat('points/gone')).toBeUndefined();
    await expect(past.put('points/x', [])).rejects.toMatchObject({ code: 'store.denied' });
    await Promise.all([store.close(), past.close()]);
    await prepare({ bucket: 'no-past' });
    await expect(open({ bucket: 'no-past' }, { asOfMs })).rejects.toMatchObject({ code: 'store.unfit' });
  });

  it('where creation is not atomic (this server keeps versions so) one writer is allowed, and it still never replaces', async () => {
    const store = await open({ bucket: 'loose', versioning: true }, { create: true });
    expect(store.atomicCreate).toBe(false);
    await store.put('once', [Buffer.from('first')], { ifAbsent: true });
    await expect(store.put('once', [Buffer.from('second')], { ifAbsent: true })).rejects.toMatchObject({
      code: 'store.exists',
    });
    expect((await store.get('once')).toString()).toBe('first');
    await store.close();
  });

  it('keeps objects in the class that is asked for, and moves them', async () => {
    const store = await open({ bucket: 'classes' }, { create: true });
    await store.put('cool', [Buffer.from('x')], { storageClass: 'standard-ia' });
    expect(await store.stat('cool')).toEqual({ name: 'cool', bytes: 1, storageClass: 'standard_ia' });
    expect(await store.thawState?.('cool')).toEqual({ state: 'readable' });
    await store.put('moved', [Buffer.from('moved')]);
    await store.reclass?.('moved', 'standard_ia');
    expect((await Array.fromAsync(store.list('moved'))).length).toBe(0);
    expect(await store.stat('moved')).toMatchObject({ storageClass: 'standard_ia' });
    expect((await store.get('moved')).toString()).toBe('moved');
    await expect(store.put('none', [], { storageClass: 'nowhere' })).rejects.toMatchObject({ code: 'store.unfit' });
    await store.close();
  });

  it('encrypts by a key of the server where the plan asks for one', async () => {
    const asked = { bucket: 'sealed', encryption: 'aws:kms testkey-1' };
    const store = await open(asked, { create: true });
    await store.put('sealed', [Buffer.from('sealed')]);
    expect((await store.get('sealed')).toString()).toBe('sealed');
    await store.close();
    await withClient('sealed', async (client) => {
      const { headers } = await client.send({ method: 'HEAD', key: 'sealed' });
      expect(headers['x-amz-server-side-encryption']).toBe('aws:kms');
    });
  });
});
