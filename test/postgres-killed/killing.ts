import type { Ground } from '../../bench/disasters/ground.ts';
import type { Acknowledged } from '../../bench/disasters/load.ts';
import { value } from '../../bench/disasters/sql.ts';
import { systemClock } from '../../src/core/index.ts';
import type { Keeper } from './keepers.ts';

/** A moment of the load that a restore can be asked for, and what was acknowledged for certain before it. */
export interface Mark {
  /** As `--at` takes it. */
  readonly at: string;
  readonly kind: 'time' | 'position' | 'transaction';
  /** What was acknowledged before this is in it; by the clock of this machine. */
  readonly beforeMs: number;
  /** What was acknowledged after this is not. */
  readonly afterMs: number;
}

export interface Killed {
  readonly acknowledged: readonly Acknowledged[];
  readonly marks: readonly Mark[];
  readonly kills: readonly string[];
  /** Everything that was acknowledged before it is stored, says the stream; then the machine was gone. */
  readonly reportedMs: number;
}

interface Course {
  readonly ground: Ground;
  readonly keeper: Keeper;
  readonly chance: () => number;
  readonly seconds: number;
}

/** Kills the stream, the primary and the store in turns and at random, notes moments between, and at last kills everything at once. */
export async function killAtRandom({ ground, keeper, chance, seconds }: Course): Promise<Killed> {
  /** One by one: so many at once are too many words for a call. */
  const acknowledged: Acknowledged[] = [];
  const marks: Mark[] = [];
  const kills: string[] = [];
  const pause = (): Promise<void> => ground.pause(chance() * 2);
  const victims: Record<string, () => Promise<void>> = {
    stream: async () => {
      await ground.stream.kill();
      await pause();
      await ground.startStream();
    },
    primary: async () => {
      await ground.server.kill();
      for (const one of await ground.endLoad()) acknowledged.push(one);
      await pause();
      await ground.startServer();
      await ground.startLoad();
    },
    store: async () => {
      await keeper.goAway();
      await pause();
      await keeper.comeBack();
    },
  };
  const endMs = systemClock.elapsed() + seconds * 1000;
  for (let round = 0; round < 3 || systemClock.elapsed() < endMs; round += 1) {
    // Each at least once, then by chance.
    const name = Object.keys(victims)[round < 3 ? round : Math.floor(chance() * 3)] as string;
    await (victims[name] as () => Promise<void>)();
    kills.push(name);
    marks.push(await note(ground, (['time', 'position', 'transaction'] as const)[round % 3] as Mark['kind']));
    await pause();
  }
  await ground.stream.untilCurrent();
  await ground.pause(chance() * 3);
  await Promise.all([ground.server.kill(), ground.stream.kill()]);
  for (const one of await ground.endLoad()) acknowledged.push(one);
  const last = await ground.stream.latest();
  const reportedMs = Math.min(...last.stores.map(({ completeToMs }) => completeToMs ?? 0));
  return { acknowledged, marks, kills, reportedMs };
}

const noteOf: Record<Mark['kind'], (url: string) => Promise<string>> = {
  time: (url) => value(url, `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`),
  position: (url) => value(url, 'select pg_current_wal_flush_lsn()'),
  // A transaction leaves a commit in the log only if it changed something.
  transaction: (url) =>
    value(url, 'create temporary table noted as select 1; insert into noted select 1 returning pg_current_xact_id()'),
};

async function note(ground: Ground, kind: Mark['kind']): Promise<Mark> {
  const beforeMs = systemClock.now();
  const at = await noteOf[kind](ground.url);
  // A moment is exact by itself: both clocks are those of this machine.
  if (kind === 'time') return { at, kind, beforeMs: Date.parse(at), afterMs: Date.parse(at) + 1 };
  return { at, kind, beforeMs, afterMs: systemClock.now() };
}
