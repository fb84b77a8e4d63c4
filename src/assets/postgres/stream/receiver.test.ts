import { EventEmitter } from 'node:events';
import type { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../core/index.ts';
import { CopySocket, type TakeCopied } from '../base/copy-socket.ts';
import { LogReceiver, type NextTimeline } from './receiver.ts';

/** What a receiver asks of a connection, with the server’s part in the hands of a test. */
function connection({ inBursts = true } = {}) {
  const clock = new ManualClock();
  const wire = Object.assign(new EventEmitter(), {
    isRead: true,
    replies: 0,
    query: () => {},
    sendCopyFromChunk: () => void (wire.replies += 1),
    endCopyFrom: () => {},
    stream: {
      pause: () => void (wire.isRead = false),
      resume: () => void (wire.isRead = true),
      destroy: () => {},
    },
  });
  let handler: { handleCopyData(message: { chunk: Buffer }): void; handleReadyForQuery(): void } | undefined;
  const query = (given: typeof handler & { submit(to: typeof wire): void }): void => {
    handler = given;
    given.submit(wire);
  };
  const client = Object.assign(new EventEmitter(), { query }) as unknown as Client;
  const start = { slot: 'lifeboat_orders', timeline: 1, start: 0n, inBursts, clock };
  let received = 0n;
  const receiver: LogReceiver = new LogReceiver(client, start, {
    data: (at, bytes) => void (received = at + BigInt(bytes.length)),
    heard: (wantsReply) => {
      if (wantsReply) receiver.report(received, received, 0, false);
    },
  });
  /** The server sends so much of its log in one message; then it has so much more, which it has not sent. */
  const send = (bytes: number, more = 0): void => {
    const message = Buffer.alloc(25 + bytes);
    message.write('w', 'latin1');
    message.writeBigUInt64BE(received, 1);
    message.writeBigUInt64BE(received + BigInt(bytes + more), 9);
    handler?.handleCopyData({ chunk: message });
  };
  const ask = (): void => {
    const message = Buffer.alloc(18);
    message.write('k', 'latin1');
    message[17] = 1;
    handler?.handleCopyData({ chunk: message });
  };
  return { receiver, wire, clock, send, ask, received: () => received, over: () => handler?.handleReadyForQuery() };
}

/** What was read at once has been worked off. */
const behindIt = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a receiver that nobody waits for', () => {
  it('reads what little came at once, then rests 20 ms, and reads what has come meanwhile: nothing waits longer than one rest', async () => {
    const { wire, clock, send, received } = connection();
    for (let burst = 1; burst <= 3; burst += 1) {
      // Messages of one read, all of them taken before it rests.
      for (const bytes of [100, 2_000, 8_000]) send(bytes);
      expect(wire.isRead).toBe(true);
      expect(received()).toBe(BigInt(burst * 10_100));
      await behindIt();
      expect(wire.isRead).toBe(false);
      await clock.advance(19);
      expect(wire.isRead).toBe(false);
      await clock.advance(1);
      expect(wire.isRead).toBe(true);
    }
  });

  it('does not rest longer for what was on its way when the rest began', async () => {
    const { wire, clock, send, received } = connection();
    send(100);
    await behindIt();
    await clock.advance(15);
    send(100);
    await behindIt();
    expect(received()).toBe(200n);
    await clock.advance(5);
    expect(wire.isRead).toBe(true);
  });

  it('does not rest while it catches up: neither when much comes at once, nor when little comes of much that the server has', async () => {
    const { wire, send } = connection();
    for (const [bytes, more] of [
      [32 * 2 ** 10, 0],
      [131_072, 2 ** 30],
      [1_000, 2 ** 30],
      [8, 1],
    ] as const) {
      send(bytes, more);
      await behindIt();
      expect(wire.isRead).toBe(true);
    }
    send(8);
    await behindIt();
    expect(wire.isRead).toBe(false);
  });

  it('stays held over the end of a rest while its memory is full, and reads at once when there is room again', async () => {
    const { receiver, wire, clock, send } = connection();
    send(100);
    await behindIt();
    receiver.pause();
    await clock.advance(20);
    expect(wire.isRead).toBe(false);
    receiver.resume();
    expect(wire.isRead).toBe(true);
  });

  it('does not cut a rest short when there is room again', async () => {
    const { receiver, wire, clock, send } = connection();
    send(100);
    await behindIt();
    receiver.pause();
    receiver.resume();
    expect(wire.isRead).toBe(false);
    await clock.advance(20);
    expect(wire.isRead).toBe(true);
  });

  it('answers a server that wants to know whether it lives before it rests', async () => {
    const { wire, ask } = connection();
    ask();
    expect(wire.replies).toBe(1);
    await behindIt();
    expect(wire.isRead).toBe(false);
  });

  it('reads on when the timeline ends: where the next one begins comes behind the end', async () => {
    const { receiver, wire, send, over } = connection();
    send(100);
    wire.emit('copyDone');
    await behindIt();
    expect(wire.isRead).toBe(true);
    over();
    await expect(receiver.ended satisfies Promise<NextTimeline | undefined>).resolves.toBeUndefined();
  });
});

it('a receiver that commits wait for never rests', async () => {
  const { wire, send } = connection({ inBursts: false });
  send(100);
  await behindIt();
  expect(wire.isRead).toBe(true);
});

describe('a message that comes in parts', () => {
  /** The bytes of one message as a socket hands them over, cut at these places. */
  function sent(message: Buffer, cuts: readonly number[]): { log: Buffer; starts: bigint[]; replies: number } {
    const socket = new CopySocket();
    const wire = Object.assign(new EventEmitter(), {
      query: () => {},
      sendCopyFromChunk: () => {},
      endCopyFrom: () => {},
      stream: socket,
    });
    let hand: TakeCopied = () => {};
    socket.divert = (take) => void (hand = take);
    const query = (given: { submit(to: typeof wire): void }): void => given.submit(wire);
    const seen = { log: Buffer.alloc(0), starts: [] as bigint[], replies: 0 };
    const client = Object.assign(new EventEmitter(), { query }) as unknown as Client;
    const receiver = new LogReceiver(
      client,
      { slot: undefined, timeline: 1, start: 700n },
      {
        data: (at, bytes) => {
          seen.starts.push(at);
          seen.log = Buffer.concat([seen.log, bytes]);
        },
        heard: (wantsReply) => void (seen.replies += wantsReply ? 1 : 0),
      },
    );
    receiver.ended.catch(() => {}); // it hears of no end
    const ends = [...cuts, message.length];
    for (const [index, end] of ends.entries())
      hand(message.subarray(ends[index - 1] ?? 0, end), { first: index === 0, last: index === cuts.length });
    return seen;
  }

  it('gives each part of the log at its place, wherever it is cut', () => {
    const log = Buffer.from(Array.from({ length: 100 }, (_, index) => index));
    const message = Buffer.concat([Buffer.alloc(25), log]);
    message.write('w', 'latin1');
    message.writeBigUInt64BE(700n, 1);
    for (const cuts of [[], [1], [24], [25], [26], [10, 20, 60], [1, 25, 26, 124]]) {
      const seen = sent(message, cuts);
      expect(seen.log.equals(log)).toBe(true);
      expect(seen.starts).toEqual(
        [0, ...cuts.filter((cut) => cut > 25).map((cut) => cut - 25)].map((at) => 700n + BigInt(at)),
      );
    }
  });

  it('hears a question for a sign of life only when all of it is there', () => {
    const question = Buffer.alloc(18);
    question.write('k', 'latin1');
    question[17] = 1;
    for (const cuts of [[], [1], [17], [5, 9]]) expect(sent(question, cuts)).toMatchObject({ replies: 1, starts: [] });
  });
});
