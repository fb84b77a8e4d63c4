import { generateIdentity, identityToRecipient } from 'age-encryption';
import { expect, test } from 'vitest';
import { isLifeboatError, LifeboatError, Secret, systemClock } from '../../core/index.ts';
import { canaryName } from '../names.ts';
import { openRepository } from '../open.ts';
import type { Unlock } from '../repository.ts';
import { backup, cheap, file, makeRepository, passphrase, readAll } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { addKey, keysOf, openKeyring, rotateKeys, type KeyDerivation, type Keyring } from './index.ts';

const derivation = cheap.derivation as KeyDerivation;
const own: Unlock = { passphrase };
const second: Unlock = { passphrase: new Secret('another passphrase of people') };
const identity = new Secret(await generateIdentity());
const anna: Unlock = { identity };
const words = (text: string): Buffer => Buffer.from(text.repeat(100));

/** Two stores of one repository, three ways in, a point. */
export async function ground(): Promise<[MemoryStore, MemoryStore]> {
  const near = new MemoryStore();
  const repository = await makeRepository(near);
  await backup(repository, [file('old', words('old'))]);
  const ring = await openKeyring(near, own);
  await addKey([ring], { passphrase: second.passphrase as Secret, derivation }, systemClock);
  await addKey([ring], { recipients: [await identityToRecipient(identity.reveal())] }, systemClock);
  const far = new MemoryStore();
  for (const [name, bytes] of near.objects) far.objects.set(name, bytes);
  return [near, far];
}

export const rings = (stores: readonly MemoryStore[], unlock = own): Promise<Keyring[]> =>
  Promise.all(stores.map((store) => openKeyring(store, unlock)));

/** What each of them seals, each of them reads; nothing is damaged. */
export async function expectOneForAll(stores: readonly MemoryStore[], when: string): Promise<void> {
  for (const store of stores) {
    for (const writer of [own, second, anna]) {
      const point = await backup(await openRepository(store, writer, systemClock), [file('new', words('new'))]);
      for (const reader of [own, second, anna]) {
        const opened = await openRepository(store, reader, systemClock);
        const { points, damage } = await opened.points();
        expect(damage, when).toEqual([]);
        expect((await readAll(opened, points[0] ?? point)).get('old'), when).toEqual(words('old'));
        expect((await readAll(opened, point)).get('new'), when).toEqual(words('new'));
      }
    }
  }
}

/** Kills a rotation at every so many calls of its stores. */
export function killedRotations(step: number): void {
  test('a rotation that is killed at any call leaves every recipient able to read what any of them seals, and the next finishes it', async () => {
    const taken: number[] = [];
    let met = 0;
    for (let call = 1; ; call += step) {
      const stores = await ground();
      let count = 0;
      const opened = await rings(stores);
      for (const store of stores) {
        store.before = () => {
          count += 1;
          if (count >= call) throw new LifeboatError('store.unreachable', 'killed');
        };
      }
      const report = await rotateKeys(opened, { clock: systemClock }).catch(() => undefined);
      for (const store of stores) store.before = () => {};
      if (report !== undefined && report.stores.every(({ error }) => error === undefined)) break;
      met += 1;
      await expectOneForAll(stores, `killed at call ${call}`);
      const rotateAgain = async (takeOver: boolean): ReturnType<typeof rotateKeys> =>
        rotateKeys(await rings(stores, second), { clock: systemClock, takeOver });
      const finished = await rotateAgain(false).catch((error: unknown) => {
        // This one was not handed the new key before the other was killed, and cannot know that it is dead: people say so.
        if (!isLifeboatError(error, 'operation.busy')) throw error;
        taken.push(call);
        return rotateAgain(true);
      });
      if (taken.at(-1) !== call) expect(finished.stores).toHaveLength(2);
      expect(
        finished.stores.every(({ error }) => error === undefined),
        `finished after ${call}`,
      ).toBe(true);
      for (const ring of await rings(stores)) {
        const keys = await keysOf(ring);
        expect(keys.map(({ epoch }) => epoch)).toEqual([finished.epoch, finished.epoch, finished.epoch]);
      }
      await expectOneForAll(stores, `finished after ${call}`);
      const [canary, copy] = stores.map(({ objects }) => objects.get(canaryName(finished.epoch)));
      expect(canary?.equals(copy ?? Buffer.alloc(0)), `canaries after ${call}`).toBe(true);
    }
    console.info(`rotations killed at ${met} calls, ${taken.length} of them taken over by people: 0 recipients lost`);
    // Some of them must be met, or the sweep sees nothing of the worst moment.
    if (step === 1) expect(taken.length).toBeGreaterThan(0);
  });
}
