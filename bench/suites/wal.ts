import { join } from 'node:path';
import { removeFolder, settle } from '../folder.ts';
import { attempt, inTurn, type Bench } from '../record.ts';
import type { Sample } from '../tool.ts';
import { cpuSecondsOf, residentBytes } from '../process-tree.ts';
import {
  placeOfStream,
  standbyNames,
  startReceiveWal,
  untilStreams,
  type Receiver,
  type Way,
} from '../wal/receivers.ts';
import { fetchSuite } from './fetch.ts';
import { lossSuite } from './loss.ts';
import { startBusyServer, type BusyServer } from '../wal/source.ts';

const clients = 8;
/** What throughput is shown as: the seconds that so many transactions take. */
const transactions = 10_000;
/**
 * Transactions of a turn, the same rows for each tool. Those of `before` are nobody's: a receiver that runs for weeks has its code compiled, and its
 * garbage collector knows what it makes, which takes ours ten seconds; and they bring most pages into the log whole, once, which a tool that is slower
 * would else have more of in what is measured.
 */
const ofTurn = { quick: { before: 15_000, measured: 20_000 }, usual: { before: 80_000, measured: 60_000 } } as const;

/** The log while it is written: what it costs the primary that somebody takes it, and how much would be lost. */
export async function walSuite(bench: Bench): Promise<void> {
  const reason = bench.missing.get('pgbench');
  if (reason !== undefined) return void bench.omissions.push({ tool: 'wal', reason, failed: false });
  const folder = join(bench.folder, 'wal');
  const server = await startBusyServer(folder, Math.min(bench.options.scale, 20), bench.signal);
  try {
    for (let round = 0; round < bench.options.repetitions; round += 1) {
      bench.say(`Log, round ${round + 1} of ${bench.options.repetitions}`);
      for (const way of ['async', 'sync'] as const)
        await throughput(bench, server, join(folder, `${way}-${round}`), way, round);
    }
    await fetchSuite(bench, server, join(folder, 'fetch'));
    await lossSuite(bench, server, join(folder, 'loss'));
  } finally {
    await server.stop();
    await removeFolder(folder);
  }
}

/** Several turns each, one after the other, so that a machine that is slow for a while is so for all. */
const turns = { quick: 3, usual: 5 } as const;

async function throughput(bench: Bench, server: BusyServer, folder: string, way: Way, round: number): Promise<void> {
  const size = bench.options.quick ? 'quick' : 'usual';
  const place = await placeOfStream(
    join(folder, 'lifeboat'),
    server.url,
    { type: 'fs', path: join(folder, 'store') },
    { mode: way },
    bench.signal,
  );
  const tools = [
    { name: 'pg_receivewal', start: () => startReceiveWal(server, join(folder, 'received'), way, bench.signal) },
    { name: 'lifeboat', start: () => place.start(bench.signal) },
  ] as const;
  for (let turn = 0; turn < turns[size]; turn += 1)
    for (const { name, start } of inTurn(tools, round + turn))
      await attempt(bench, name, `wal-${way}`, () =>
        oneTurn(bench, server, { name, start, way, ...ofTurn[size], seed: 2 * turn + 1 }),
      );
}

interface Turn {
  readonly name: keyof typeof standbyNames;
  readonly start: () => Promise<Receiver>;
  readonly way: Way;
  readonly before: number;
  readonly measured: number;
  readonly seed: number;
}

async function oneTurn(
  bench: Bench,
  server: BusyServer,
  { name, start, way, before, measured, seed }: Turn,
): Promise<Omit<Sample, 'tool' | 'work'>> {
  await server.ask('checkpoint');
  await settle(bench.signal, []);
  const receiver = await start();
  try {
    if (way === 'sync') await server.awaitFor(standbyNames[name]);
    await untilStreams(server, standbyNames[name], way, bench.signal);
    await server.load(clients, { transactions: before, seed });
    const cpuBefore = cpuSecondsOf(receiver.pid);
    const tps = await server.load(clients, { transactions: measured, seed: seed + 1 });
    const cpuSeconds = (cpuSecondsOf(receiver.pid) - cpuBefore) * (transactions / measured);
    const { sum, peakOfOne } = residentBytes(receiver.pid);
    return { seconds: transactions / tps, cpuSeconds, peakBytes: Math.max(sum, peakOfOne) };
  } finally {
    await server.awaitFor('');
    await receiver.stop();
  }
}
