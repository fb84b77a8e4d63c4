import { expect, test } from 'vitest';
import { timeId } from '../../core/index.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { backup, file, makeRepository, reopen, writeOptions } from '../testing/fixtures.ts';
import { DamageLog } from '../damage.ts';
import { plainSession } from '../format/session-object.ts';
import { closeSession, openPlainSession } from './sessions.ts';

const nowMs = Date.parse('2026-11-21T10:00:00Z');
const own = { id: timeId(nowMs), host: 'here', asset: 'replication', nowMs };
const dead = { ...own, started: '', pid: 2 ** 22 + 1, processStart: '' };

test('a replicator without a key has a session that writers see and leave alone', async () => {
  const store = new MemoryStore();
  const repository = await makeRepository(store);
  expect(await openPlainSession(store, own, new DamageLog())).toEqual({ others: 0 });
  await backup(repository, [file('a', Buffer.from('a'))]);
  expect((await (await reopen(store)).verify({ depth: 'everything' })).damage).toEqual([]);
  await closeSession(store, own.id);
  expect([...store.objects.keys()].filter((name) => name.startsWith('sessions/'))).toEqual([]);
});

test('two replicators do not copy one point at once; one that died on this host is taken over', async () => {
  const store = new MemoryStore();
  await openPlainSession(store, own, new DamageLog());
  await expect(openPlainSession(store, own, new DamageLog())).rejects.toMatchObject({ code: 'store.busy' });
  await closeSession(store, own.id);
  await store.put(`sessions/${own.id}`, [plainSession({ ...dead, host: 'elsewhere' })]);
  await expect(openPlainSession(store, own, new DamageLog())).rejects.toMatchObject({ code: 'store.busy' });
  await store.put(`sessions/${own.id}`, [plainSession(dead)]);
  expect(await openPlainSession(store, own, new DamageLog())).toEqual({ others: 0 });
});

test('what a dead replicator left is swept by the next writer, and its point may still be copied', async () => {
  const store = new MemoryStore();
  const repository = await makeRepository(store);
  await store.put(`sessions/${own.id}`, [plainSession(dead)]);
  await backup(repository, [file('a', Buffer.from('a'))]);
  expect(store.objects.has(`sessions/${own.id}`)).toBe(false);
  expect(store.objects.has(`points/${own.id}`)).toBe(false);
});

test('a store that allows one writer takes no replicator beside one, and no writer beside a replicator', async () => {
  const store = new MemoryStore();
  const repository = await makeRepository(store);
  Object.assign(store, { atomicCreate: false });
  const writer = await repository.write(writeOptions);
  await expect(openPlainSession(store, own, new DamageLog())).rejects.toMatchObject({ code: 'store.busy' });
  await closeSession(store, own.id);
  await writer.abandon();
  await openPlainSession(store, own, new DamageLog());
  await expect(repository.write(writeOptions)).rejects.toMatchObject({ code: 'store.busy' });
});

test('the point of a writer that died cannot become visible after its session was swept', async () => {
  const store = new MemoryStore();
  const repository = await makeRepository(store);
  // The session cannot be removed: the next one finds it, of a process that no longer writes.
  store.before = (operation, name) => {
    if (operation === 'remove' && name.startsWith('sessions/')) throw new Error('dead');
  };
  const writer = await repository.write(writeOptions);
  await writer.abandon().catch(() => {});
  store.before = () => {};
  await backup(await reopen(store), [file('a', Buffer.from('a'))]);
  const claimed = [...store.objects.keys()].filter((name) => name.startsWith('points/'));
  expect(claimed).toHaveLength(2);
  const { points, damage } = await (await reopen(store)).points();
  expect([points.length, damage]).toEqual([1, []]);
  const [gone] = claimed.filter((name) => name !== `points/${points[0]?.id}`);
  await expect(repository.forget((gone as string).slice('points/'.length))).rejects.toMatchObject({
    code: 'point.missing',
  });
});
