import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import { openJournal } from '../../journal/index.ts';
import { LivePlace } from './testing/live-place.ts';

const plan = `domains: { safe: {} }
keys: { main: { passphrase: { env: LB_LIVE_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: safe } }
assets: { docs: { type: files, path: ./docs, domain: safe } }
channels: { here: { type: console }, there: { type: console } }
`;

describe('check --live: channels', () => {
  let place: LivePlace;
  beforeEach(async () => void (place = await LivePlace.make(plan)));
  afterEach(() => place.remove());

  it('names one that did not take the last message, and why (live.channel_failing)', async () => {
    await mkdir(place.path('state'));
    const journal = openJournal(place.path('state', 'journal.db'), { clock: systemClock, host: hostname() });
    const failed = (through: string): void =>
      void journal.append('message.failed', { key: 'k', through, error: { message: 'answers 410' } });
    failed('here');
    failed('there');
    journal.append('message.sent', { key: 'k', through: 'there', location: '', answer: '' });
    journal.close();
    expect(await place.said('live.channel_failing')).toEqual([
      expect.stringMatching(/^the channel here has taken no message for [\d.]+ m?s: answers 410$/),
    ]);
  });
});
