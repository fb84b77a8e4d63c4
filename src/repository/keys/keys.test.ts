import { generateIdentity, identityToRecipient } from 'age-encryption';
import { describe, expect, test } from 'vitest';
import { Secret, systemClock } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { createRepository, openRepository } from '../open.ts';
import { copyOf, keyName } from '../names.ts';
import type { Unlock } from '../repository.ts';
import { backup, cheap, file, makeRepository, passphrase, readAll, reopen } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { decodePlain, encodePlain } from '../format/twins.ts';
import { addKey, keysOf, openKeyring, provesItself, rotateKeys, takeKeyOut } from './index.ts';

const options = { clock: systemClock };
const derivation = cheap.derivation as NonNullable<typeof cheap.derivation>;

async function person(): Promise<{ unlock: Unlock; recipient: string }> {
  const identity = await generateIdentity();
  return { unlock: { identity: new Secret(identity) }, recipient: await identityToRecipient(identity) };
}

const own: Unlock = { passphrase };
const words = (text: string): Buffer => Buffer.from(text.repeat(1000));
const opens = async (store: Store, unlock: Unlock): Promise<boolean> =>
  openRepository(store, unlock, systemClock).then(
    () => true,
    () => false,
  );
const newestReads = async (store: Store, unlock: Unlock): Promise<string> => {
  const repository = await openRepository(store, unlock, systemClock);
  const { points, damage } = await repository.points();
  expect(damage).toEqual([]);
  return [...(await readAll(repository, points.at(-1) ?? never())).values()].map((one) => one.toString()[0]).join('');
};
const never = (): never => {
  throw new Error('there is a point');
};

describe('several recipients', () => {
  test('each opens the repository by itself, and a list says who they are', async () => {
    const store = new MemoryStore();
    const repository = await makeRepository(store);
    await backup(repository, [file('a', words('a'))]);
    const [anna, second] = [await person(), new Secret('another passphrase of people')];
    const ring = await openKeyring(store, own);
    await addKey([ring], { label: 'Anna', recipients: [anna.recipient] }, systemClock);
    await addKey([ring], { label: 'the safe', passphrase: second, derivation }, systemClock);
    for (const unlock of [own, anna.unlock, { passphrase: second }]) expect(await newestReads(store, unlock)).toBe('a');
    const keys = await keysOf(await openKeyring(store, own), { prove: true });
    expect(keys.map(({ kind, label, vouched, opens: fits }) => [kind, label, vouched, fits])).toEqual([
      ['passphrase', undefined, true, true],
      ['age', 'Anna', true, false],
      ['passphrase', 'the safe', true, false],
    ]);
  });

  test('a recipient has one key, and stands alone in it', async () => {
    const store = new MemoryStore();
    const [anna, ben] = [await person(), await person()];
    await createRepository(store, { age: [anna.recipient, ben.recipient] }, systemClock, cheap);
    const ring = await openKeyring(store, anna.unlock);
    await expect(addKey([ring], { recipients: [ben.recipient] }, systemClock)).rejects.toMatchObject({
      code: 'input.exists',
    });
    await takeKeyOut([ring], ben.recipient, systemClock);
    expect([await opens(store, anna.unlock), await opens(store, ben.unlock)]).toEqual([true, false]);
  });

  test('the last key that was proven to open a repository is never taken out', async () => {
    const store = new MemoryStore();
    await makeRepository(store);
    const anna = await person();
    const ring = await openKeyring(store, own);
    await addKey([ring], { recipients: [anna.recipient] }, systemClock);
    await expect(takeKeyOut([ring], ring.openedBy, systemClock)).rejects.toMatchObject({ code: 'key.last' });
    const both = await openKeyring(store, { ...own, more: [anna.unlock] });
    await takeKeyOut([both], ring.openedBy, systemClock);
    expect([await opens(store, own), await opens(store, anna.unlock)]).toEqual([false, true]);
  });
});

describe('a rotation', () => {
  test('begins a new epoch for every recipient, and what is older still restores', async () => {
    const store = new MemoryStore();
    const repository = await makeRepository(store);
    const old = await backup(repository, [file('a', words('a'))]);
    const anna = await person();
    await addKey([await openKeyring(store, own)], { recipients: [anna.recipient] }, systemClock);
    const before = repository;
    const report = await rotateKeys([await openKeyring(store, own)], options);
    expect(report).toMatchObject({ epoch: 2, resumed: false, left: [] });
    expect((await keysOf(await openKeyring(store, own))).map(({ epoch }) => epoch)).toEqual([2, 2]);
    await backup(await openRepository(store, anna.unlock, systemClock), [file('b', words('b'))]);
    for (const unlock of [own, anna.unlock]) {
      const opened = await openRepository(store, unlock, systemClock);
      expect((await readAll(opened, old)).get('a')).toEqual(words('a'));
      expect(await newestReads(store, unlock)).toBe('b');
      expect((await opened.verify({ depth: 'everything' })).damage).toEqual([]);
    }
    // A writer that opened the repository before goes on under its epoch, and all can read it.
    await backup(before, [file('c', words('c'))]);
    expect(await newestReads(store, anna.unlock)).toBe('c');
    await rotateKeys([await openKeyring(store, anna.unlock)], options);
    expect(await newestReads(store, own)).toBe('c');
  });

  test('leaves behind who was taken out: what was sealed before stays readable to a copy of the old key, what comes is not', async () => {
    const store = new MemoryStore();
    const repository = await makeRepository(store);
    await backup(repository, [file('a', words('a'))]);
    const gone = await person();
    const { id } = await addKey([await openKeyring(store, own)], { recipients: [gone.recipient] }, systemClock);
    const stolen = await store.get(keyName(id));
    await takeKeyOut([await openKeyring(store, own)], id, systemClock);
    await rotateKeys([await openKeyring(store, own)], options);
    await backup(await reopen(store), [file('b', words('b'))]);
    await store.put(keyName(id), [stolen]);
    await store.put(copyOf(keyName(id)), [stolen]);
    const repositoryOfThief = await openRepository(store, gone.unlock, systemClock);
    const { points, damage } = await repositoryOfThief.points();
    expect([points.length, damage.length]).toEqual([1, 1]);
    // Nor does the next rotation take the key that was put back for one of ours.
    await rotateKeys([await openKeyring(store, own)], options);
    expect(await opens(store, gone.unlock)).toBe(false);
    expect(await newestReads(store, own)).toBe('b');
  });

  test('hands nothing to a recipient that somebody wrote into the store', async () => {
    const store = new MemoryStore();
    await makeRepository(store);
    const [anna, thief] = [await person(), await person()];
    const { id } = await addKey([await openKeyring(store, own)], { recipients: [anna.recipient] }, systemClock);
    const object = decodePlain(await store.get(keyName(id)), keyName(id)) as Record<string, unknown>;
    const forged = encodePlain({ ...object, recipients: [thief.recipient] });
    await store.put(keyName(id), [forged]);
    await store.put(copyOf(keyName(id)), [forged]);
    const ring = await openKeyring(store, own);
    await expect(rotateKeys([ring], options)).rejects.toMatchObject({ code: 'key.unknown' });
    const report = await rotateKeys([ring], { ...options, leaveOutUnknown: true });
    expect(report.left.map((one) => one.id)).toEqual([id]);
    expect(await opens(store, thief.unlock)).toBe(false);
  });

  test('refuses where another one has begun', async () => {
    const store = new MemoryStore();
    await makeRepository(store);
    const ring = await openKeyring(store, own);
    await rotateKeys([ring], options);
    const late = rotateKeys([ring], options);
    await expect(late).rejects.toMatchObject({ code: 'operation.busy' });
    expect(await opens(store, own)).toBe(true);
  });
});

test('a key proves itself on a canary and on real content', async () => {
  const store = new MemoryStore();
  const repository = await makeRepository(store);
  expect(await provesItself(store, own, systemClock)).toMatchObject({ epoch: 1, canaries: [1], plainBytes: 0 });
  await backup(repository, [file('a', words('a'))]);
  await rotateKeys([await openKeyring(store, own)], options);
  expect(await provesItself(store, own, systemClock)).toMatchObject({ epoch: 2, canaries: [1, 2], plainBytes: 1000 });
  await expect(provesItself(store, (await person()).unlock, systemClock)).rejects.toMatchObject({ code: 'key.wrong' });
});
