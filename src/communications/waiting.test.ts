import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LifeboatError, limits, ManualClock } from '../core/index.ts';
import { openJournal, type Journal, type JournalRecord } from '../journal/index.ts';
import { Messages } from './messages.ts';
import { deliver, type Outgoing, type OutboxHands } from './outbox.ts';
import { deliverWaiting } from './waiting.ts';

let folder: string;
let journal: Journal;
let clock: ManualClock;
let arrived: string[];
/** Channels that take nothing. */
let away: Set<string>;
/** States of a matter that make nothing there: what a ticket system is not told. */
let idle: Set<string | undefined>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lifeboat-waiting-'));
  clock = new ManualClock();
  journal = openJournal(join(folder, 'journal.db'), { clock, host: 'here' });
  arrived = [];
  away = new Set(['ops']);
  idle = new Set();
});
afterEach(() => {
  journal.close();
  rmSync(folder, { recursive: true, force: true });
});

const hands = (): OutboxHands => ({
  journal,
  clock,
  plan: 'shop',
  open: async (channel) => ({
    twice: 'seen',
    notifier: {
      location: channel,
      send: async ({ key, matter }) => {
        if (idle.has(matter?.state)) return { answer: 'nothing to do', notSent: true };
        if (away.has(channel)) throw new LifeboatError('channel.refused', 'no');
        arrived.push(`${channel} ${key}`);
        return { answer: 'taken' };
      },
    },
  }),
  next: () => undefined,
  signal: new AbortController().signal,
});
const words = (key: string, more: Partial<Outgoing> = {}): Outgoing => ({
  key,
  channel: 'ops',
  subject: 's',
  body: 'b',
  ...more,
});
const lost = (key: string, more?: Partial<Outgoing>): Promise<unknown> =>
  deliver(words(key, more), hands()).catch((error: unknown) => error);
/** As a process that begins now, and knows what the journal says alone. */
const sweep = (): Promise<void> => deliverWaiting(new Messages(), hands());
const dropped = (): unknown[] => journal.records({ kinds: ['message.dropped'] }).map(({ data }) => data['why']);

describe('what nobody took', () => {
  it('survives a restart, and is sent when its channel is back', async () => {
    await lost('a');
    away.clear();
    await sweep();
    expect(arrived).toEqual([]);
    await clock.advance(limits.messageAgainMs);
    await sweep();
    await sweep();
    expect(arrived).toEqual(['ops a']);
  });

  it('is tried ever more rarely, and given up after a day', async () => {
    await lost('a');
    for (let minute = 0; minute < 26 * 60; minute += minute < 30 ? 1 : 15) {
      await clock.advance((minute < 30 ? 1 : 15) * 60_000);
      await sweep();
    }
    const tries = journal.records({ kinds: ['message.attempted'] }).map(({ atMs }) => atMs);
    const gaps = tries.slice(1).map((atMs, index) => atMs - (tries[index] as number));
    expect(gaps.slice(0, 4)).toEqual([60_000, 120_000, 240_000, 480_000]);
    expect(Math.max(...gaps)).toBe(limits.messageAgainMsMax);
    expect(dropped()).toEqual(['nobody took it for a day']);
  });

  it('is left alone while its sender may still be at it, and taken over when that is over', async () => {
    journal.append('message.queued', { ...words('a') });
    away.clear();
    await clock.advance(limits.messageIdleMs - 1);
    await sweep();
    expect(arrived).toEqual([]);
    await clock.advance(1);
    await sweep();
    expect(arrived).toEqual(['ops a']);
  });

  it('of one matter is overtaken by what was said later of it', async () => {
    const matter = { id: 'outage', state: 'begins', severity: 'critical' } as const;
    await lost('a', { matter });
    await clock.advance(1_000);
    await lost('b', { matter: { ...matter, state: 'ends' } });
    await lost('other', { matter: { ...matter, id: 'other' } });
    away.clear();
    await clock.advance(limits.messageAgainMs);
    await sweep();
    expect([arrived, dropped()]).toEqual([['ops b', 'ops other'], ['a later message says how it stands']]);
  });

  it('is overtaken also by what came through while it waited: nobody hears of a beginning after the end', async () => {
    const matter = { id: 'outage', state: 'begins', severity: 'critical' } as const;
    await lost('a', { matter });
    away.clear();
    await clock.advance(1_000);
    await lost('b', { matter: { ...matter, state: 'ends' } });
    await clock.advance(limits.messageAgainMs);
    await sweep();
    expect([arrived, dropped()]).toEqual([['ops b'], ['a later message says how it stands']]);
  });

  it('is not overtaken by what opens no case: that somebody works on it, a reminder that a ticket system is not sent', async () => {
    idle = new Set(['goes_on']);
    const matter = { id: 'outage', state: 'begins', severity: 'critical' } as const;
    await lost('a', { matter });
    await clock.advance(1_000);
    await lost('b', { matter: { ...matter, state: 'seen' } });
    await lost('c', { matter: { ...matter, state: 'goes_on' } });
    away.clear();
    await clock.advance(limits.messageAgainMs);
    await sweep();
    expect([arrived, dropped()]).toEqual([['ops a', 'ops b'], []]);
  });

  it('waits no more once another machine has told it', async () => {
    await lost('a');
    const other = openJournal(join(folder, 'other.db'), { clock, host: 'there' });
    away.clear();
    await deliver(words('a'), { ...hands(), journal: other });
    journal.remember('the chain of there', other.rows(0, 100));
    other.close();
    await clock.advance(limits.messageAgainMs);
    const messages = new Messages();
    await deliverWaiting(messages, hands());
    expect([arrived, dropped(), messages.waiting]).toEqual([['ops a'], ['another machine told it'], []]);
  });

  it('is bounded: of too many the oldest go', async () => {
    // In memory: two thousand durable records are not what is looked at.
    const records: JournalRecord[] = [];
    const memory: OutboxHands['journal'] = {
      records: ({ after = 0 } = {}) => records.filter(({ sequence }) => sequence > after),
      append: (kind, data) => {
        const record = { kind, data, sequence: records.length + 1, atMs: clock.now(), run: undefined, hash: '' };
        records.push(record);
        return record;
      },
    };
    for (let index = 0; index < limits.messagesWaitingMax + 5; index += 1) {
      memory.append('message.queued', { ...words(`k${index}`) });
      memory.append('message.undelivered', { key: `k${index}`, channel: 'ops', failed: [] });
    }
    await deliverWaiting(new Messages(), { ...hands(), journal: memory });
    const gone = records.filter(({ kind }) => kind === 'message.dropped').map(({ data }) => data['key']);
    expect(gone).toEqual(['k0', 'k1', 'k2', 'k3', 'k4']);
  });

  it('does not keep waiting what another channel would take', async () => {
    await lost('a');
    await lost('b');
    journal.append('message.queued', { ...words('c', { channel: 'desk' }) });
    await clock.advance(limits.messageIdleMs);
    const before = journal.records({ kinds: ['message.attempted'] }).length;
    await sweep();
    expect(arrived).toEqual(['desk c']);
    expect(journal.records({ kinds: ['message.attempted'] })).toHaveLength(before + 2);
  });

  it('and is worth nothing later, is not sent later', async () => {
    await lost('a', { onlyNow: true });
    away.clear();
    await clock.advance(3_600_000);
    await sweep();
    expect(arrived).toEqual([]);
  });
});

describe('a channel', () => {
  const factOf = (channel: string) => {
    const messages = new Messages();
    messages.refresh(journal);
    return messages.channels.get(channel);
  };

  it('fails since the first that it did not take, until it takes one', async () => {
    expect(factOf('ops')).toBeUndefined();
    await lost('a');
    const sinceMs = factOf('ops')?.failingSinceMs;
    expect(sinceMs).toBeTypeOf('number');
    await clock.advance(60_000);
    await lost('b');
    expect(factOf('ops')).toMatchObject({ failingSinceMs: sinceMs, words: 'no' });
    away.clear();
    await lost('c');
    expect(factOf('ops')).toMatchObject({ failingSinceMs: undefined, sentMs: clock.now() });
  });

  it('goes on failing when something was not even sent through it', async () => {
    await lost('a');
    idle = new Set(['goes_on']);
    await lost('b', { matter: { id: 'outage', state: 'goes_on', severity: 'critical' } });
    expect(factOf('ops')).toMatchObject({ failingSinceMs: expect.any(Number), words: 'no' });
  });

  it('that cannot even be opened fails too', async () => {
    const open = async () => Promise.reject(new LifeboatError('secret.unset', 'OPS_HOOK is not set'));
    await deliver(words('a'), { ...hands(), open }).catch(() => {}); // that nobody took it is what is looked at
    expect(factOf('ops')).toMatchObject({ words: 'OPS_HOOK is not set' });
  });
});
