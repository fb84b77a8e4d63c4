import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LifeboatError, limits, ManualClock, Secret } from '../core/index.ts';
import { openJournal, type Journal } from '../journal/index.ts';
import { Messages } from './messages.ts';
import type { Message, Notifier, NotifierKind } from './notifier.ts';
import { deliver, type OutboxHands } from './outbox.ts';

let folder: string;
let journal: Journal;
let clock: ManualClock;
/** What arrived where, in order. */
let arrived: { channel: string; message: Message }[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lifeboat-outbox-'));
  clock = new ManualClock();
  journal = openJournal(join(folder, 'journal.db'), { clock, host: 'here' });
  arrived = [];
});
afterEach(() => {
  journal.close();
  rmSync(folder, { recursive: true, force: true });
});

const words = { key: 'run-1/tell', channel: 'ops', subject: 'Down', body: 'We know.' };
const away = () => new LifeboatError('channel.unreachable', 'connection refused');
const no = () => new LifeboatError('channel.refused', 'answers 410');
const chain: Record<string, string> = { ops: 'desk', desk: 'ops' };

interface Way {
  readonly twice?: NotifierKind['twice'];
  send?(message: Message, signal: AbortSignal): Promise<void>;
}

/** Channels that behave as told; without a word they take everything. */
const hands = (ways: Readonly<Record<string, Way>> = {}, more: Partial<OutboxHands> = {}): OutboxHands => ({
  journal,
  clock,
  plan: 'shop',
  open: async (channel) => {
    const notifier: Notifier = {
      location: `the ${channel}`,
      send: async (message, signal) => {
        await ways[channel]?.send?.(message, signal);
        arrived.push({ channel, message });
        return { answer: 'taken' };
      },
    };
    return { notifier, twice: ways[channel]?.twice ?? 'seen' };
  },
  next: (channel) => chain[channel],
  signal: new AbortController().signal,
  ...more,
});
const kinds = (): string[] =>
  journal.records({ kinds: ['message.*'] }).map(({ kind }) => kind.slice('message.'.length));

/** Time goes on until it is settled. */
async function settled<T>(work: Promise<T>): Promise<T> {
  const over = work.then(
    () => true,
    () => true,
  );
  for (let turn = 0; turn < 200; turn += 1) {
    if (await Promise.race([over, clock.advance(500).then(() => false)])) break;
  }
  return work;
}

describe('the outbox', () => {
  it('writes down what is to be said before it is said, and says it once for each key', async () => {
    const said: string[][] = [];
    const way = { send: async () => void said.push(kinds()) };
    expect(await deliver(words, hands({ ops: way }))).toMatchObject({ through: 'ops', already: false, unsure: false });
    expect(said).toEqual([['queued', 'attempted']]);
    expect(await deliver({ ...words, body: 'Other words.' }, hands())).toMatchObject({ through: 'ops', already: true });
    expect(arrived.map(({ message }) => message.body)).toEqual(['We know.']);
    await deliver({ ...words, key: 'run-2/tell' }, hands());
    expect(arrived).toHaveLength(2);
  });

  it('tries again what was not taken, with growing pauses, and then lets another channel stand in', async () => {
    const tries: number[] = [];
    const way = {
      send: async () => {
        tries.push(clock.elapsed());
        throw away();
      },
    };
    const delivery = await settled(deliver(words, hands({ ops: way }, { random: () => 0.5 })));
    expect(delivery).toMatchObject({ through: 'desk', failed: ['ops: connection refused'] });
    expect(tries).toHaveLength(limits.messageAttemptsMax);
    expect((tries[2] as number) - (tries[1] as number)).toBeGreaterThan((tries[1] as number) - (tries[0] as number));
    // Written for `ops`, whoever takes it.
    expect(arrived[0]?.message.channel).toBe('ops');
  });

  it('waits as long as a channel asks for, and lets another stand in where that is too long', async () => {
    const tries: number[] = [];
    const asks = (retryAfterMs: number): Way => ({
      send: async () => {
        tries.push(clock.elapsed());
        throw new LifeboatError('channel.unreachable', 'slow down', { retryAfterMs });
      },
    });
    await settled(deliver(words, hands({ ops: asks(9_000) })));
    expect(tries.map((at, index) => at - (tries[index - 1] ?? 0) >= 9_000).slice(1)).toEqual([true, true]);
    tries.length = 0;
    await settled(deliver({ ...words, key: 'run-2/tell' }, hands({ ops: asks(3_600_000) })));
    expect([tries.length, arrived.map(({ channel }) => channel)]).toEqual([1, ['desk', 'desk']]);
  });

  it('senders that failed together do not come again together', async () => {
    const pauses = async (key: string, random: () => number): Promise<number> => {
      const tries: number[] = [];
      const way = { send: async () => (tries.push(clock.elapsed()), Promise.reject(away())) };
      await settled(deliver({ ...words, key }, hands({ ops: way }, { random })));
      return (tries[1] as number) - (tries[0] as number);
    };
    expect(await pauses('a', () => 0)).toBeLessThan(await pauses('b', () => 1));
  });

  it('does not try again what was refused, nor what cannot be opened', async () => {
    const opened: string[] = [];
    const open: OutboxHands['open'] = async (channel) => {
      opened.push(channel);
      if (channel === 'ops') throw new LifeboatError('secret.unset', 'OPS_HOOK gives nothing');
      return hands({ desk: { send: async () => Promise.reject(no()) } }).open(channel);
    };
    await expect(deliver(words, hands({}, { open }))).rejects.toMatchObject({
      code: 'message.undelivered',
      message: 'nobody was told: ops: OPS_HOOK gives nothing; desk: answers 410',
    });
    // Two channels that stand in for each other are each asked once.
    expect(opened).toEqual(['ops', 'desk']);
    expect(kinds()).toEqual(['queued', 'failed', 'attempted', 'failed', 'undelivered']);
  });

  it('says nothing again that another machine has told, whose journal is remembered here', async () => {
    const other = openJournal(join(folder, 'other.db'), { clock, host: 'there' });
    await deliver(words, hands({}, { journal: other }));
    journal.remember('the chain of there', other.rows(0, 100));
    other.close();
    expect(await deliver(words, hands())).toMatchObject({ through: 'ops', already: true });
    expect(arrived).toHaveLength(1);
  });

  it('that another machine could not deliver is said in its words, and waits here from then on', async () => {
    const nobody = { send: async () => Promise.reject(no()) };
    const other = openJournal(join(folder, 'other.db'), { clock, host: 'there' });
    await deliver(words, hands({ ops: nobody, desk: nobody }, { journal: other })).catch(() => {}); // as it shall be
    journal.remember('the chain of there', other.rows(0, 100));
    other.close();
    const later = { ...words, body: 'Later words.' };
    await expect(deliver(later, hands({ ops: nobody, desk: nobody }))).rejects.toThrow('nobody was told');
    const messages = new Messages();
    messages.refresh(journal);
    expect(messages.waiting).toMatchObject([{ key: words.key, body: 'We know.', rounds: 1 }]);
  });

  it('undelivered, it says the first words when it is tried again', async () => {
    const nobody = { send: async () => Promise.reject(no()) };
    await expect(deliver(words, hands({ ops: nobody, desk: nobody }))).rejects.toThrow('nobody was told');
    await deliver({ ...words, body: 'Later words.' }, hands());
    expect(arrived.map(({ message }) => message.body)).toEqual(['We know.']);
  });

  it('gives up on one that does not answer, and says it again only to those who know it again', async () => {
    const silent = { send: (_: Message, signal: AbortSignal) => clock.sleep(86_400_000, signal) };
    expect(await settled(deliver(words, hands({ ops: silent })))).toMatchObject({ through: 'desk' });
    expect(kinds()).toEqual(['queued', 'attempted', 'failed', 'attempted', 'sent']);
    const knows = { ...silent, twice: 'recognised' } as const;
    await settled(deliver({ ...words, key: 'run-2/tell' }, hands({ ops: knows })));
    expect(
      kinds()
        .slice(5)
        .filter((kind) => kind === 'failed'),
    ).toHaveLength(limits.messageAttemptsMax);
  });

  it('keeps secrets out of what is said and of what is written down', async () => {
    const { length } = new Secret('hidden-from-people').reveal();
    expect(length).toBeGreaterThan(0);
    await deliver({ ...words, body: 'postgres://shop:hidden-from-people@db' }, hands());
    expect(JSON.stringify([arrived, journal.records()])).not.toContain('hidden-from-people');
  });

  it('ends when it is told to, and goes on later', async () => {
    const ending = new AbortController();
    const way = {
      send: async () => {
        ending.abort(new Error('stopped'));
        throw away();
      },
    };
    await expect(deliver(words, hands({ ops: way }, { signal: ending.signal }))).rejects.toThrow('stopped');
    expect(await deliver(words, hands())).toMatchObject({ through: 'ops', unsure: false });
  });
});

describe('killed at any of its records', () => {
  /** A journal whose process is gone right before or right after it added its n-th record. */
  const dying = (after: number, before: boolean): OutboxHands['journal'] => {
    let left = after;
    return {
      records: (filter) => journal.records(filter),
      append: (kind, data) => {
        if (left === 0 && before) throw new Error('killed');
        const record = journal.append(kind, data);
        if (left === 0) throw new Error('killed');
        left -= 1;
        return record;
      },
    };
  };
  const moments = [0, 1, 2].flatMap((n) => [
    { n, before: true },
    { n, before: false },
  ]);

  it.each(moments)('($n, before: $before) people see it at most once, and never nowhere', async ({ n, before }) => {
    await expect(deliver(words, hands({}, { journal: dying(n, before) }))).rejects.toThrow('killed');
    const delivery = await deliver(words, hands());
    expect(arrived.length).toBeLessThanOrEqual(1);
    // Where it was under way when its sender died, that is said.
    expect(delivery.unsure || arrived.length === 1).toBe(true);
    expect(await deliver(words, hands())).toMatchObject({ already: true, unsure: delivery.unsure });
  });

  it.each(moments)('($n, before: $before) who knows it again has it, with one key', async ({ n, before }) => {
    const ways = { ops: { twice: 'recognised' } } as const;
    await expect(deliver(words, hands(ways, { journal: dying(n, before) }))).rejects.toThrow('killed');
    expect(await deliver(words, hands(ways))).toMatchObject({ unsure: false });
    expect(new Set(arrived.map(({ message }) => message.key))).toEqual(new Set([words.key]));
  });
});
