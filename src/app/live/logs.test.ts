import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { freePort, systemClock } from '../../core/index.ts';
import { streamStateFile, type StreamLine } from '../../operations/index.ts';
import { frame, LivePlace } from './testing/live-place.ts';

let place: LivePlace;
afterEach(() => place.remove());

it('live.stream: one that ended by itself is told until the next one says something', async () => {
  process.env['LB_LIVE_STREAM_URL'] = `postgresql://nobody@127.0.0.1:${await freePort()}/postgres`;
  const asset = 'assets: { orders: { type: postgres, url: { env: LB_LIVE_STREAM_URL }, domain: here, policy: daily } }';
  place = await LivePlace.make(`${frame.replace('to: [near] }', 'to: [near], stream: { to: [near] } }')}${asset}\n`);
  const file = streamStateFile(place.path('state'), 'orders');
  await mkdir(dirname(file), { recursive: true });
  const leave = async (line: Partial<StreamLine>): Promise<void> =>
    writeFile(file, JSON.stringify({ asset: 'orders', at: systemClock.now(), stores: [], ...line }));
  await leave({ state: 'failed', code: 'log.conflict', reason: 'the server stands at 0/1', hint: 'lifeboat wal fork' });
  expect((await place.check()).filter(({ code }) => code === 'live.stream')).toMatchObject([
    {
      severity: 'error',
      message: 'the stream of orders ended: the server stands at 0/1 [log.conflict]',
      hint: 'lifeboat wal fork',
    },
  ]);
  await leave({ state: 'waiting', reason: 'nobody answers' });
  expect(await place.said('live.stream')).toEqual([]);
});
