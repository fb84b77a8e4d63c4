import { join } from 'node:path';
import type {
  Asset,
  LogStreamOptions,
  LogStreamState,
  LogTarget,
  LogWriter,
  RecoveryTarget,
  Replay,
  RestoredCopy,
} from '../../assets/index.ts';
import { silentProgress, systemClock } from '../../core/index.ts';
import type { Repository } from '../../repository/index.ts';

/** A stream of an asset's log into one repository, in this process. */
export interface TestStream {
  readonly states: readonly LogStreamState[];
  /** Why new points were asked for. */
  readonly bases: readonly string[];
  readonly log: LogWriter;
  /** Resolves when the store has the log up to this position (`16/B374D848`) for good. */
  until(position: string): Promise<void>;
  /** Resolves or rejects when the stream ends by itself. */
  readonly ended: Promise<void>;
  /** As SIGTERM does; rejects with what ended the stream before. */
  stop(): Promise<void>;
}

export interface TestStreamOptions {
  readonly everyMs?: number;
  readonly mayWait?: boolean;
  readonly wrap?: (log: LogWriter) => LogWriter;
  readonly bounds?: LogStreamOptions['bounds'];
  /** Other stores that the log goes to. */
  readonly also?: readonly LogTarget[];
  /** The stores that have the points; default: all. */
  readonly pointsIn?: readonly string[];
}

export async function startStream(
  asset: Asset,
  repository: Repository,
  { everyMs = 100, mayWait = false, wrap = (log) => log, bounds = {}, also = [], pointsIn }: TestStreamOptions = {},
): Promise<TestStream> {
  const keeping = asset.log as NonNullable<Asset['log']>;
  const source = await keeping.source();
  const log = wrap(repository.log(asset.name, source));
  const states: LogStreamState[] = [];
  const bases: string[] = [];
  const ending = new AbortController();
  const done = keeping.stream({
    source,
    targets: [{ store: 'near', log, everyMs, mayWait }, ...also],
    bounds,
    everyMs: 100,
    bases: async () =>
      (await repository.points()).points.flatMap((point) => {
        const place = keeping.baseOf(point.facts.facts);
        return place === undefined ? [] : { ...place, stores: pointsIn ?? ['near', ...also.map(({ store }) => store)] };
      }),
    needsBase: ({ reason }) => void bases.push(reason),
    say: (state) => void states.push(state),
    signal: ending.signal,
  });
  done.catch(() => {}); // whoever stops it hears it
  return {
    states,
    bases,
    log,
    ended: done,
    until: async (position) => {
      const wanted = valueOf(position);
      for (;;) {
        const { pieces } = await log.list();
        if (pieces.some(({ end }) => end >= wanted)) return;
        await Promise.race([systemClock.sleep(50), done]);
      }
    },
    stop: async () => {
      ending.abort();
      await done;
    },
  };
}

const valueOf = (position: string): bigint => {
  const [high = '0', low = '0'] = position.split('/');
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
};

/** The audited way to a target; throws what refuses it. */
export async function replayTo(asset: Asset, repository: Repository, target: RecoveryTarget): Promise<Replay> {
  const keeping = asset.log as NonNullable<Asset['log']>;
  const { points } = await repository.points();
  const sources = points.flatMap(({ facts }) => keeping.baseOf(facts.facts)?.source ?? []);
  const bases = points.map(({ id, atMs, facts }) => ({ id, atMs, facts: facts.facts }));
  const replay = await keeping.planReplay(repository.log(asset.name, sources.at(-1) ?? ''), bases, target, {});
  if (replay === undefined) throw new Error('the newest point is newer than the log');
  return replay;
}

/** Restores to a target, starts, works and stops. */
export async function withRecovered<T>(
  place: { asset: Asset; repository: Repository; folder: string },
  target: RecoveryTarget,
  work: (copy: RestoredCopy, replay: Replay) => Promise<T>,
): Promise<T> {
  const { asset, repository, folder } = place;
  const replay = await replayTo(asset, repository, target);
  const path = join(folder, `copy-${systemClock.elapsed().toFixed(0)}`);
  try {
    const point = await repository.point(replay.base);
    await asset.apply(await repository.contents(point), path, { progress: silentProgress, replay });
    const copy = await asset.start(path, { facts: point.facts.facts, stay: false, replay });
    try {
      return await work(copy, replay);
    } finally {
      await copy.stop();
    }
  } finally {
    await replay.close();
  }
}
