import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LifeboatError, systemClock } from '../../../../core/index.ts';
import type { Repository } from '../../../../repository/index.ts';
import { makeTestRepository } from '../../../../testing/postgres/index.ts';
import type { LogPiece, LogRange, LogWriter } from '../../../log.ts';
import { LogWindow } from '../received/window.ts';
import { Sink } from './sink.ts';

const cell = 128 * 2 ** 10;
const quarter = cell / 4;
/** So long that nothing is due by itself while a test runs. */
const never = 600_000;

let folder: string;
let repository: Repository;
let sinks: Sink[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sink-'));
  repository = await makeTestRepository(join(folder, 'store'));
});

afterEach(async () => {
  for (const sink of sinks) await sink.end();
  sinks = [];
  await repository.close();
  await rm(folder, { recursive: true });
});

/** Quarters of cells. */
const inQuarters = ({ start, end }: LogRange): [number, number] => [Number(start) / quarter, Number(end) / quarter];

/** A sink into a real log, the log that it takes in the hands of the test, and what it did to the store in quarters of cells. */
function taking(everyMs: number, mayWait = false, held: readonly LogPiece[] = []) {
  const log = repository.log('orders', '7300');
  const done: string[] = [];
  const noted = (verb: string, range: LogRange): void => void done.push(`${verb} ${inQuarters(range).join('-')}`);
  const noting = {
    append: (...words: Parameters<LogWriter['append']>) => (noted('append', words[0]), log.append(...words)),
    compact: async (...words: Parameters<LogWriter['compact']>) => {
      noted('compact', words[0]);
      if (fails.compaction) throw new LifeboatError('log.conflict', 'the store has other bytes there');
      await log.compact(...words);
    },
    remove: (...words: Parameters<LogWriter['remove']>) => log.remove(...words),
    read: (...words: Parameters<LogWriter['read']>) => (noted('read', words[0]), log.read(...words)),
    grow: async (...words: Parameters<LogWriter['grow']>) => {
      noted('grow', words[0]);
      const growing = await log.grow(...words);
      if (growing === undefined) return undefined;
      const addNow = growing.addNow.bind(growing);
      growing.addNow = (...added) => {
        if (fails.now) throw new LifeboatError('disk.full', 'no space is left');
        return addNow(...added);
      };
      return growing;
    },
    settle: (...words: Parameters<LogWriter['settle']>) => log.settle(...words),
  } as LogWriter;
  const fails = { now: false, compaction: false };
  const window = new LogWindow(1, 0n, cell);
  const options = { store: 'near', log: noting, everyMs, mayWait, changed: () => {} };
  const sink = new Sink(options, window, held.at(-1)?.end ?? 0n, held);
  sinks.push(sink);
  sink.begin();
  const receive = (quarters: number): void => {
    window.add(window.end, Buffer.alloc(quarters * quarter, Number(window.end / BigInt(quarter)) + 1));
    sink.rouse();
  };
  /** Until the store has so much of it. */
  const stored = (quarters: number): Promise<void> =>
    expect.poll(() => Number(sink.durable) / quarter, { timeout: 20_000 }).toBe(quarters);
  const objects = async (): Promise<[number, number][]> => (await log.list()).pieces.map(inQuarters);
  /** What a reader finds, from the start on: while a whole cell takes the place of its pieces, both are there. */
  const read = async (): Promise<Buffer> => {
    const parts: Buffer[] = [];
    let end = 0n;
    for (const piece of (await log.list()).pieces.toSorted((a, b) => Number(a.start - b.start || b.end - a.end))) {
      if (piece.end <= end) continue;
      parts.push((await log.read(piece)).subarray(Number(end > piece.start ? end - piece.start : 0n)));
      ({ end } = piece);
    }
    return Buffer.concat(parts);
  };
  return { sink, window, done, receive, stored, objects, read, fails };
}

/** What was received, in quarters: 1, 2, 3, … */
const quarters = (count: number): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, index) => Buffer.alloc(quarter, index + 1)));

describe('where commits wait, and the thread may wait for the disk', () => {
  /** One turn of what was received, as it is behind a read of the network. */
  const turn = (): Promise<void> => Promise.resolve();

  it('what one read brought is durable before anything else happens, as one addition', async () => {
    const { sink, window, done, receive, stored, read } = taking(0, true);
    receive(1);
    await stored(1);
    // Room is made beside the first addition: until there is some, the loop's turn is waited for.
    for (let count = 1; Number(sink.durable) === quarter || done.at(-1) !== 'now'; count += 1) {
      receive(1 / 64);
      await turn();
      if (sink.durable === window.end) done.push('now');
      else await stored(1 + count / 64);
    }
    for (const part of [1 / 64, 1 / 32]) {
      const before = sink.durable;
      receive(part / 2);
      receive(part / 2);
      expect(sink.durable).toBe(before);
      await turn();
      expect(sink.durable).toBe(before + BigInt(part * quarter));
    }
    expect(done).toEqual(['grow 0-1', 'now']);
    expect((await read()).length).toBe(Number(sink.durable));
  });

  it('a cell that becomes whole stands in the place of what grew, and the next one grows; nothing is stored twice or left out', async () => {
    const { sink, done, receive, stored, read, objects } = taking(0, true);
    for (let count = 1; count <= 11; count += 1) {
      receive(1);
      if (count % 3 > 0) await stored(count);
    }
    await stored(11);
    const compacted = (): string[] => done.filter((one) => one.startsWith('compact'));
    await expect.poll(compacted).toEqual(['compact 0-4', 'compact 4-8']);
    expect((await read()).equals(quarters(11))).toBe(true);
    await sink.end();
    expect(await objects()).toEqual([
      [0, 4],
      [4, 8],
      [8, 11],
    ]);
  });

  it('a disk that fails is met by an addition that says so, in another piece, and what was received is stored when it is well', async () => {
    const { sink, done, receive, stored, read, fails } = taking(0, true);
    receive(1);
    await stored(1);
    fails.now = true;
    receive(1);
    await stored(2);
    fails.now = false;
    receive(1);
    await stored(3);
    expect(done).toEqual(['grow 0-1', 'grow 1-2']);
    expect(sink.failure).toBeUndefined();
    expect((await read()).equals(quarters(3))).toBe(true);
  });
});

it('a whole cell that the store has with other bytes stays a failure until somebody looks, however much is stored behind it meanwhile', async () => {
  const { sink, done, receive, stored, fails } = taking(0);
  fails.compaction = true;
  for (let count = 1; count <= 4; count += 1) {
    receive(1);
    await stored(count);
  }
  await expect.poll(() => done.at(-1)).toBe('compact 0-4');
  receive(1);
  await stored(5);
  receive(1);
  await stored(6);
  expect(sink.failure?.code).toBe('log.conflict');
});

describe('between two writes', () => {
  it('a cell is stored when it is whole, once and as a whole, and what is behind it waits for its time', async () => {
    const { sink, done, receive, stored, objects } = taking(never);
    receive(1);
    await stored(1);
    receive(2);
    receive(1);
    await stored(4);
    receive(6);
    await stored(8);
    expect(done).toEqual(['append 0-1', 'append 0-4', 'append 4-8']);
    await expect.poll(objects).toEqual([
      [0, 4],
      [4, 8],
    ]);
    await sink.end();
    expect(done.slice(3)).toEqual(['append 8-10']);
    expect(sink.durable).toBe(BigInt(10 * quarter));
  });

  it('the rest of a cell of which most is stored goes first, which is sooner, and the whole takes their place behind it', async () => {
    const { done, receive, stored, objects } = taking(never);
    receive(3);
    await stored(3);
    receive(1);
    await stored(4);
    await expect.poll(objects).toEqual([[0, 4]]);
    expect(done).toEqual(['append 0-3', 'append 3-4', 'compact 0-4']);
  });

  it('what is there is stored when its time has come, by timers too that end early, as those of the system now and then do', async () => {
    const { sleep } = systemClock;
    const early = vi.spyOn(systemClock, 'sleep');
    early.mockImplementation((ms, signal) => sleep.call(systemClock, ms / 2, signal));
    try {
      const { done, receive, stored } = taking(200);
      for (const part of [0.25, 0.5, 0.75]) {
        receive(0.25);
        await stored(part);
      }
      expect(done).toEqual(['append 0-0.25', 'append 0.25-0.5', 'append 0.5-0.75']);
    } finally {
      early.mockRestore();
    }
  });

  it('a cell that seems to be whole soon is not waited for longer than a quarter more', async () => {
    const { done, receive, stored } = taking(400);
    receive(1);
    await stored(1);
    // At this pace the last byte would be there before the write is due.
    receive(2.75);
    await stored(3.75);
    expect(done).toEqual(['append 0-1', 'append 1-3.75']);
  });

  it('with minutes between two writes it is not waited for longer than two seconds, so that people keep the interval that they chose', async () => {
    let nowMs = 0;
    const elapsed = vi.spyOn(systemClock, 'elapsed').mockImplementation(() => nowMs);
    const real = systemClock.sleep.bind(systemClock);
    const sleep = vi.spyOn(systemClock, 'sleep').mockImplementation(async (ms, signal) => {
      await real(50, signal);
      nowMs += ms;
    });
    try {
      for (const [received, atMs] of [
        [2.75, 300_000],
        [2.99609375, 302_000],
      ] as const) {
        nowMs = 0;
        const { receive, stored } = taking(300_000);
        receive(1);
        await stored(1);
        receive(received);
        await stored(1 + received);
        expect(nowMs).toBe(atMs);
      }
    } finally {
      elapsed.mockRestore();
      sleep.mockRestore();
    }
  });
});

describe('what the server sends once more', () => {
  /** Quarters of the log that an earlier stream stored, as many to a piece, each of the byte that it stands behind or of another life. */
  const holds = async (
    ...pieces: readonly { readonly quarters: number; readonly byte?: number }[]
  ): Promise<LogPiece[]> => {
    const log = repository.log('orders', '7300');
    let at = 0;
    for (const one of pieces) {
      const bytes = Buffer.concat(
        Array.from({ length: one.quarters }, (_, index) => Buffer.alloc(quarter, one.byte ?? at + index + 1)),
      );
      const range = { timeline: 1, start: BigInt(at * quarter), end: BigInt((at + one.quarters) * quarter) };
      await log.append(range, bytes, {});
      at += one.quarters;
    }
    return [...(await log.list()).pieces];
  };

  it.each([0, 50])(
    'ends the stream where the store says something else there, and nothing is stored or removed (every %i ms)',
    async (everyMs) => {
      const { sink, receive, objects, read } = taking(
        everyMs,
        false,
        await holds({ quarters: 1 }, { quarters: 1, byte: 200 }),
      );
      for (let count = 1; count <= 6; count += 1) receive(1);
      await expect.poll(() => sink.failure?.code).toBe('log.conflict');
      expect(sink.failure?.message).toBe(
        'the server says something else at 0/8000 on timeline 1 than its log in near: it was put back, and is another life under the same number',
      );
      await sink.end();
      expect(await objects()).toEqual([
        [0, 1],
        [1, 2],
      ]);
      expect((await read()).subarray(quarter).equals(Buffer.alloc(quarter, 200))).toBe(true);
    },
  );

  it('counts as taken when it was compared, and a whole cell that says the same is left as it is', async () => {
    const { sink, done, receive, stored, read } = taking(50, false, await holds({ quarters: 4 }, { quarters: 1 }));
    expect([sink.acknowledged, Number(sink.durable) / quarter]).toEqual([0n, 5]);
    for (let count = 1; count <= 4; count += 1) receive(1);
    await expect.poll(() => Number(sink.acknowledged) / quarter).toBe(4);
    for (let count = 5; count <= 8; count += 1) receive(1);
    await stored(8);
    expect(Number(sink.acknowledged) / quarter).toBe(8);
    await sink.end();
    expect(done).toEqual(['read 0-4', 'read 4-5', 'append 4-8']);
    expect((await read()).equals(quarters(8))).toBe(true);
  });
});
