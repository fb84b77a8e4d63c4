import { expect, it } from 'vitest';
import type { RunHistory } from '../../procedures/index.ts';
import { windowOf } from './run-points.ts';

const record = (sequence: number, kind: string, data: object) => ({
  sequence,
  kind,
  data,
  atMs: sequence,
  run: 'r',
  hash: '',
});
const window = record(4, 'run.window', { step: 'turn', window: 'nightly', fromMs: 1_000, toMs: 2_000 });
const after = (...records: readonly ReturnType<typeof record>[]): ReturnType<typeof windowOf> =>
  windowOf({
    records: [record(3, 'step.started', { step: 'turn' }), window, ...records],
    ended: undefined,
  } as unknown as RunHistory);

it('a run waits for a window until the step begins, is stopped before it, or somebody goes on with the run', () => {
  const waits = { step: 'turn', window: 'nightly', opensAt: '1970-01-01T00:00:01.000Z' };
  expect(after()).toEqual(waits);
  expect(after(record(5, 'step.started', { step: 'beside' }))).toEqual(waits);
  expect(after(record(5, 'step.started', { step: 'turn' }))).toBeNull();
  expect(after(record(5, 'step.finished', { step: 'turn', state: 'cancelled' }))).toBeNull();
  expect(after(record(5, 'run.resumed', {}))).toBeNull();
});
