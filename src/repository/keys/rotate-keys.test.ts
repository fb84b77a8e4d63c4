import { expect, test } from 'vitest';
import { LifeboatError, systemClock } from '../../core/index.ts';
import { rotateKeys } from './index.ts';
import { expectOneForAll, ground, killedRotations, rings } from './rotate-keys.suite.ts';

// A sample at every change; all calls in `npm run test:long`.
killedRotations(23);

test('a store that is away during a rotation is named, keeps its keys, and is brought along by the next', async () => {
  const [near, far] = await ground();
  const opened = await rings([near, far]);
  far.before = (operation) => {
    if (operation === 'put') throw new LifeboatError('store.unreachable', 'away');
  };
  const report = await rotateKeys(opened, { clock: systemClock });
  expect(report.stores.map(({ error }) => error?.code)).toEqual([undefined, 'store.unreachable']);
  far.before = () => {};
  await expectOneForAll([near, far], 'one behind');
  await rotateKeys(await rings([far, near]), { clock: systemClock });
  for (const ring of await rings([near, far])) expect(ring.bundle.epoch).toBe(3);
  await expectOneForAll([near, far], 'brought along');
});
