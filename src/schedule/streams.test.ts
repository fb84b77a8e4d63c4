import { describe, expect, it } from 'vitest';
import { LifeboatError, limits, ManualClock } from '../core/index.ts';
import type { StreamLine } from '../operations/index.ts';
import { Streams, type StreamsOptions } from './streams.ts';
import { settled } from './testing/bench.ts';

const line = (state: 'ended' | 'base', at: number): StreamLine =>
  state === 'ended'
    ? { asset: 'orders', at, state, stores: [] }
    : { asset: 'orders', at, state, reason: 'a new recovery point is taken', stores: [] };

function start(run: StreamsOptions['run']): { streams: Streams; clock: ManualClock; said: string[] } {
  const clock = new ManualClock();
  const said: string[] = [];
  const streams = new Streams({ clock, run, say: (_, words) => void said.push(words) });
  return { streams, clock, said };
}
const untilTold = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve()));

describe('streams', () => {
  it('that end are begun again after a while, and say why they ended until they are', async () => {
    let begun = 0;
    const { streams, clock, said } = start(async (_, __, signal) => {
      begun += 1;
      if (begun === 1) throw new LifeboatError('asset.unreachable', 'the server is away');
      await untilTold(signal);
    });
    streams.begin(['orders']);
    await settled();
    expect(streams.facts()).toMatchObject([{ asset: 'orders', error: { code: 'asset.unreachable' } }]);
    expect(said).toEqual([expect.stringContaining('the server is away')]);
    await clock.advance(limits.streamAgainMs);
    await settled();
    expect(begun).toBe(2);
    await streams.end(new Error('over'));
  });

  it('do not end each other, and all end when they are told to', async () => {
    const alive = new Set<string>();
    const { streams } = start(async (asset, _, signal) => {
      if (asset === 'broken') throw new Error('broken');
      alive.add(asset);
      await untilTold(signal);
      alive.delete(asset);
    });
    streams.begin(['broken', 'orders', 'mail']);
    await settled();
    expect([...alive]).toEqual(['orders', 'mail']);
    await streams.end(new Error('over'));
    expect([[...alive], streams.facts()]).toEqual([[], []]);
  });

  it('that were told to end never begin again', async () => {
    let begun = 0;
    const { streams } = start(async (_, __, signal) => {
      begun += 1;
      await untilTold(signal);
    });
    await streams.end(new Error('over'));
    streams.begin(['orders']);
    await settled();
    expect([begun, streams.facts()]).toEqual([0, []]);
  });

  it('keep what they said of themselves while a point is taken beside them', async () => {
    const { streams, said } = start(async (_, say, signal) => {
      say(line('ended', 7));
      say(line('base', 8));
      await untilTold(signal);
    });
    streams.begin(['orders']);
    await settled();
    expect(streams.facts()[0]?.last?.at).toBe(7);
    expect(said).toEqual(['orders: a new recovery point is taken']);
    await streams.end(new Error('over'));
  });
});
