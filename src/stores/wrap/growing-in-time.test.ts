import { expect, it } from 'vitest';
import { ManualClock } from '../../core/index.ts';
import type { GrowingObject, Store } from '../store.ts';
import { retrying } from './retrying.ts';

const never = new Promise<never>(() => {});
/** An object that is never added to in the thread that asks. */
const notNow = { takesNow: () => false, addNow: () => {} };

function storeThatGrows(grow: () => Promise<GrowingObject>): Store {
  const other = async (): Promise<never> => {
    throw new Error('nothing else is asked for');
  };
  const list = async function* (): AsyncIterable<never> {};
  const rest = { put: other, get: other, stat: other, remove: other, list, close: async () => {} };
  return { location: 'test:', atomicCreate: true, ...rest, grow };
}

it('an addition that the store never answers is given up in time, and each that it answers passes once', async () => {
  const clock = new ManualClock();
  const added: string[] = [];
  let hangs = false;
  const store = retrying(
    storeThatGrows(async () => ({
      ...notNow,
      add: async (parts) => (hangs ? never : void added.push(Buffer.concat(parts).toString())),
      close: async () => void added.push('closed'),
    })),
    { clock, totalMs: 1_000 },
  );
  const growing = await (store as Required<Store>).grow('logs/a', [], { bytesMax: 1 });
  await growing.add([Buffer.from('one ')]);
  await clock.advance(5_000);
  await growing.add([Buffer.from('two')]);
  hangs = true;
  const given = growing.add([Buffer.from('three')]);
  given.catch(() => {}); // asked below
  await clock.advance(1_100);
  await expect(given).rejects.toMatchObject({ code: 'store.unreachable' });
  await growing.close();
  expect(added).toEqual(['one ', 'two', 'closed']);
});

it('after an addition that was given up nobody waits for the closing, which comes when the store answers', async () => {
  const clock = new ManualClock();
  const store = retrying(
    storeThatGrows(async () => ({ ...notNow, add: () => never, close: () => never })),
    { clock, totalMs: 1_000 },
  );
  const growing = await (store as Required<Store>).grow('logs/a', [], { bytesMax: 1 });
  const given = growing.add([Buffer.from('one')]);
  given.catch(() => {}); // asked below
  await clock.advance(1_100);
  await expect(given).rejects.toMatchObject({ code: 'store.unreachable' });
  await growing.close();
});

it('one that is begun too late is closed when it comes', async () => {
  const clock = new ManualClock();
  const begun = Promise.withResolvers<GrowingObject>();
  const closed = Promise.withResolvers<void>();
  const store = retrying(
    storeThatGrows(() => begun.promise),
    { clock, totalMs: 1_000 },
  );
  const given = (store as Required<Store>).grow('logs/a', [], { bytesMax: 1 });
  given.catch(() => {}); // asked below
  await clock.advance(1_100);
  await expect(given).rejects.toMatchObject({ code: 'store.unreachable' });
  begun.resolve({ ...notNow, add: async () => {}, close: async () => closed.resolve() });
  await closed.promise;
});
