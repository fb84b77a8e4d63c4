import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startMockS3, type MockS3 } from '../../testing/s3/index.ts';
import type { Store } from '../index.ts';
import { openTestS3 } from '../testing/s3-place.ts';

// What no server here can do; everything else is asked of a real one.
describe('against a mock', () => {
  let mock: MockS3;
  let store: Store;
  beforeEach(async () => {
    mock = await startMockS3();
    store = await openTestS3(`${mock.endpoint} cold`);
  });
  afterEach(async () => {
    await store.close();
    await mock.close();
  });

  it('an object in a cold class says so, how long thawing takes, and the command', async () => {
    const read = store.get('cold');
    await expect(read).rejects.toMatchObject({
      code: 'store.frozen',
      message: /glacier.*5 h/,
      hint: /lifeboat store thaw/,
    });
    expect(await store.stat('cold')).toEqual({ name: 'cold', bytes: 10, storageClass: 'glacier', frozen: true });
  });

  it('thaws once for two that ask, says how far it is, and is read then', async () => {
    expect(await store.thawState?.('cold')).toEqual({ state: 'frozen', storageClass: 'glacier', hours: 5 });
    expect(await store.thaw?.('cold', 7)).toMatchObject({ state: 'thawing' });
    expect(await store.thaw?.('cold', 7)).toMatchObject({ state: 'thawing' });
    expect(mock.thaws).toEqual([expect.stringContaining('<Days>7</Days>')]);
    await expect(store.get('cold')).rejects.toMatchObject({ code: 'store.frozen', message: /is thawing/ });
    mock.finishThaws();
    expect(await store.thawState?.('cold')).toMatchObject({ state: 'thawed', untilMs: Date.parse('2026-12-25') });
    expect((await store.get('cold')).toString()).toBe('cold bytes');
  });

  it('joined parts whose answer begins with 200 and ends as an error are an error', async () => {
    const work = store.put('large', [Buffer.alloc(40 * 2 ** 20)]);
    await expect(work).rejects.toMatchObject({ code: 'store.unreachable', message: /InternalError/ });
  });

  it('a bucket that was never tried allows one writer', () => {
    expect(store.atomicCreate).toBe(false);
  });
});
