import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import {
  s3ServerMissing,
  startFaultProxy,
  startS3Server,
  type FaultProxy,
  type S3Server,
  type WireFault,
} from '../../testing/s3/index.ts';
import { retrying, type Store } from '../index.ts';
import { openTestS3, testContext, testS3Settings } from '../testing/s3-place.ts';
import { connect, openS3Store } from './open.ts';
import { listKeys } from './objects/listing.ts';
import { S3Store } from './s3-store.ts';

const missing = s3ServerMissing();
const mebibyte = 2 ** 20;

describe.skipIf(missing !== undefined)(`S3 over a bad line ${missing ?? ''}`, () => {
  let server: S3Server;
  let proxy: FaultProxy;
  let direct: Store;
  let store: S3Store;
  /** Gives a server up after half a second. */
  let hasty: S3Store;
  const openLine = async (silenceMs: number): Promise<S3Store> => {
    const settings = testS3Settings(proxy.endpoint, { bucket: 'line' });
    const client = await connect(settings, testContext(), { silenceMs });
    return new S3Store({ client, prefix: '', atomicCreate: true, settings, lockMs: undefined });
  };
  beforeAll(async () => {
    server = await startS3Server();
    direct = await openTestS3(`${server.endpoint} line`, { create: true });
    proxy = await startFaultProxy(server.port);
  });
  beforeEach(async () => {
    proxy.meet = () => undefined;
    store = await openLine(20_000);
    hasty = await openLine(500);
  });
  afterEach(() => Promise.all([store.close(), hasty.close()]));
  afterAll(async () => {
    await direct.close();
    await proxy.close();
    await server.destroy();
  });

  const once = (fault: WireFault, method: string, path = ''): void => {
    let met = 0;
    proxy.meet = (request) => {
      const meets = request.method === method && request.path.includes(path) && met === 0;
      met += meets ? 1 : 0;
      return meets ? fault : undefined;
    };
  };

  it.each<WireFault>(['unavailable', 'reset', 'lostReply', 'stall'])(
    'gets through %s in every operation, with retries',
    async (fault) => {
      const tough = retrying(fault === 'stall' ? hasty : store, { clock: systemClock });
      once(fault, 'PUT');
      await tough.put(`o/${fault.toLowerCase()}`, [Buffer.from('text')], { ifAbsent: true });
      const name = `o/${fault.toLowerCase()}`;
      once(fault, 'GET');
      expect((await tough.get(name)).toString()).toBe('text');
      once(fault, 'HEAD');
      expect(await tough.stat(name)).toEqual({ name, bytes: 4 });
      once(fault, 'GET', 'list-type');
      expect((await Array.fromAsync(tough.list('o'))).map((one) => one.name)).toContain(name);
      once(fault, 'DELETE');
      await tough.remove(name);
      expect(await direct.stat(name)).toBeUndefined();
    },
  );

  it('a 412 may be the answer to our own write: it is read back and compared', async () => {
    once('lostReply', 'PUT');
    await retrying(store, { clock: systemClock }).put('mine', [Buffer.from('mine')], { ifAbsent: true });
    once('lostReply', 'PUT');
    await direct.put('theirs', [Buffer.from('theirs')]);
    const late = retrying(store, { clock: systemClock }).put('theirs', [Buffer.from('mine')], { ifAbsent: true });
    await expect(late).rejects.toMatchObject({ code: 'store.exists' });
  });

  it.each<WireFault>(['truncated', 'stallBody'])(
    'a body that is %s is gone on with behind what came',
    async (fault) => {
      const content = Buffer.alloc(3 * mebibyte, 'abcdefg');
      await direct.put('body', [content]);
      const before = proxy.count();
      let left = 3;
      proxy.meet = () => ((left -= 1) >= 0 ? fault : undefined);
      expect((await (fault === 'stallBody' ? hasty : store).get('body')).equals(content)).toBe(true);
      expect(proxy.count() - before).toBe(4);
    },
  );

  it('never mixes two versions: an object that is replaced while it is read is an error', async () => {
    await direct.put('body', [Buffer.alloc(mebibyte, 'old')]);
    once('truncated', 'GET');
    const read = store.get('body');
    await systemClock.sleep(20);
    await direct.put('body', [Buffer.alloc(mebibyte, 'new')]);
    const seen = await read.catch((error: unknown) => error);
    if (Buffer.isBuffer(seen))
      expect([Buffer.alloc(mebibyte, 'old'), Buffer.alloc(mebibyte, 'new')]).toContainEqual(seen);
    else expect(seen).toMatchObject({ code: 'store.io' });
  });

  it('a large object survives a broken part, and no part is left when it fails', async () => {
    const content = Buffer.alloc(40 * mebibyte, 'x');
    once('reset', 'PUT', 'partNumber=2');
    await store.put('large', [content]);
    expect((await direct.get('large')).equals(content)).toBe(true);
    proxy.meet = ({ path }) => (path.includes('partNumber=2') ? 'unavailable' : undefined);
    await expect(store.put('failed', [content])).rejects.toMatchObject({ code: 'store.unreachable' });
    const client = await connect(testS3Settings(server.endpoint, { bucket: 'line' }), testContext());
    const { body } = await client.send({ method: 'GET', query: { uploads: '' } });
    expect(body.toString()).not.toContain('<Upload>');
    client.close();
  });

  it('a page of a listing that breaks off is asked for again, and never ends the list', async () => {
    await Promise.all(Array.from({ length: 30 }, (_, n) => direct.put(`many/${n}`, [])));
    once('truncated', 'GET', 'list-type');
    expect(await Array.fromAsync(store.list('many'))).toHaveLength(30);
    proxy.meet = () => 'truncated';
    await expect(Array.fromAsync(store.list('many'))).rejects.toMatchObject({ retry: 'later' });
  });

  it('gives up on a server that never answers, within its time of silence', async () => {
    proxy.meet = () => 'stall';
    await expect(hasty.get('mine')).rejects.toMatchObject({
      code: 'store.unreachable',
      message: /said nothing for 0.5 s/,
    });
  });

  it('stops a large upload in the middle, when it is told to', async () => {
    const told = new AbortController();
    proxy.meet = ({ path }) => {
      if (path.includes('partNumber=1')) told.abort();
      return undefined;
    };
    const work = store.put('stopped', [Buffer.alloc(40 * mebibyte)], { signal: told.signal });
    await expect(work).rejects.toMatchObject({ code: 'operation.cancelled' });
    expect(await direct.stat('stopped')).toBeUndefined();
  });

  it('lists more than one page, whole', async () => {
    const client = await connect(testS3Settings(server.endpoint, { bucket: 'line' }), testContext());
    for (let n = 0; n < 1100; n += 100)
      await Promise.all(Array.from({ length: 100 }, (_, k) => client.send({ method: 'PUT', key: `pages/${n + k}` })));
    expect(await Array.fromAsync(listKeys(client, 'pages/'))).toHaveLength(1100);
    client.close();
  });

  it('corrects a clock that differs by the one of the server', async () => {
    const clock = { ...systemClock, now: () => systemClock.now() - 3_600_000 };
    const client = await connect(testS3Settings(server.endpoint, { bucket: 'line' }), testContext({ clock }));
    await client.send({ method: 'PUT', key: 'skewed', body: [Buffer.from('x')] });
    expect(Math.abs(client.skewMs - 3_600_000)).toBeLessThan(5_000);
    client.close();
  });

  it('says which of bucket, key and secret is wrong, and shows no secret', async () => {
    const open = (more: Parameters<typeof testS3Settings>[1]): Promise<Store> =>
      openS3Store(testS3Settings(server.endpoint, more), testContext());
    await expect(open({ bucket: 'nowhere' })).rejects.toMatchObject({ code: 'store.unreachable', message: /bucket/ });
    await expect(open({ bucket: 'line', accessKeyId: 'AKIAWRONG' })).rejects.toMatchObject({ code: 'store.denied' });
    process.env['LB_TEST_WRONG'] = 'not-the-secret-of-anybody';
    const wrong = await open({ bucket: 'line', secretAccessKey: { env: 'LB_TEST_WRONG' } }).catch(
      (error: unknown) => error,
    );
    expect(wrong).toMatchObject({ code: 'store.denied' });
    expect(JSON.stringify(wrong)).not.toContain('not-the-secret-of-anybody');
  });
});
