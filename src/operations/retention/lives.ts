import {
  endedLives,
  type Asset,
  type LogBasePlace,
  type LogFork,
  type LogKeeping,
  type LogListing,
  type LogReader,
} from '../../assets/index.ts';
import { isLifeboatError, LifeboatError } from '../../core/index.ts';
import type { LedLife } from '../../plan/index.ts';
import { goingOn, leadsToLife, type LogBase, type LogLife, type Point } from '../../repository/index.ts';
import type { Workspace } from '../contract.ts';
import { copyPairs, tierStoresOf } from '../stores-of.ts';

/** Pieces of a timeline that are looked into for its latest moment: of a server that commits now and then, or whose clock was written down, one is enough. */
const looksMax = 16;

/** A kind of asset that the machine cannot open keeps its log. Throws what opening throws where a log is kept. */
export function logOfPoints(workspace: Workspace, name: string): Asset['log'] {
  const policy = workspace.plan.assets.get(name)?.policy;
  const isStreamed = policy !== undefined && workspace.plan.policies.get(policy)?.streams !== undefined;
  try {
    return workspace.asset(name).log;
  } catch (error) {
    if (isStreamed) throw error;
    // What cannot be opened here was never streamed either.
    return undefined;
  }
}

/**
 * Whether log of an asset still comes into a store, streamed, pushed or copied. Of a policy that does not say where its log goes nobody knows.
 */
export function isFed({ plan }: Workspace, asset: string, store: string): boolean {
  const streams = plan.policies.get(plan.assets.get(asset)?.policy ?? '')?.streams;
  if (streams === undefined || streams.to.includes(store)) return true;
  return copyPairs(plan).some(({ to }) => to === store) || tierStoresOf(plan, asset).includes(store);
}

/**
 * By the point, the lives of its source that the log of a store leads to from it, for assets whose log is kept. Where a log
 * does not say how its timelines came to be, each point leads to its own alone, which may go on: rather too much stays. Throws the errors of the store.
 */
export async function livesLedTo(
  workspace: Workspace,
  store: string,
  points: readonly Point[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, readonly LedLife[]>> {
  const repository = await workspace.repository(store);
  const led = new Map<string, readonly LedLife[]>();
  for (const { name, policy = '' } of workspace.plan.assets.values()) {
    const { keeps, streams } = workspace.plan.policies.get(policy) ?? {};
    if (keeps?.pitrMs === undefined && streams === undefined) continue;
    const keeping = logOfPoints(workspace, name);
    if (keeping === undefined) continue;
    const based = points.flatMap((point) => {
      const place = point.asset === name ? keeping.baseOf(point.facts.facts) : undefined;
      return place === undefined ? [] : [{ ...place, id: point.id, atMs: point.atMs }];
    });
    for (const [source, bases] of Map.groupBy(based, (base) => base.source)) {
      const lives = await livesOrNone(keeping, repository.log(name, source), {
        bases,
        isFed: isFed(workspace, name, store),
        signal,
      });
      for (const base of bases) led.set(base.id, ledFrom(base, lives));
    }
  }
  return led;
}

async function livesOrNone(
  keeping: LogKeeping,
  log: LogReader,
  of: Omit<LivesGround, 'listing'>,
): Promise<readonly LogLife[] | undefined> {
  const listing = await log.list(of.signal === undefined ? {} : { signal: of.signal });
  try {
    return await livesOf(keeping, log, { ...of, listing });
  } catch (error) {
    if (!(error instanceof LifeboatError) || !error.code.startsWith('repository.')) throw error;
    return undefined;
  }
}

function ledFrom(base: LogBasePlace, lives: readonly LogLife[] | undefined): LedLife[] {
  if (lives === undefined) return [{ life: base.timeline, lastMs: undefined, goesOn: true }];
  const latest = goingOn(lives)?.timeline;
  return lives.flatMap((life) => {
    const { timeline, lastMs } = life;
    if (!leadsToLife(base, life)) return [];
    return [{ life: timeline, lastMs, ...(timeline === latest ? { goesOn: true as const } : {}) }];
  });
}

export interface LivesGround {
  readonly listing: LogListing;
  readonly bases: readonly Pick<LogBase, 'timeline' | 'start' | 'atMs'>[];
  /** See `isFed`: whether a history that is missing may still come. */
  readonly isFed: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Each timeline of a log and of its points: how it came to be, and its latest moment as its points, clocks and last pieces say. What they cannot
 * say is not known. Throws what `LogReader` throws, also for a missing history of the newest timeline of a log that is fed, or of one with log of which no
 * later history tells.
 */
export async function livesOf(
  keeping: Pick<LogKeeping, 'forksOf'>,
  log: LogReader,
  { listing, bases, isFed: mayCome, signal }: LivesGround,
): Promise<LogLife[]> {
  const timelines = [...new Set([...listing.pieces, ...bases].map(({ timeline }) => timeline))].toSorted(
    (a, b) => a - b,
  );
  const hasLog = new Set(listing.pieces.map(({ timeline }) => timeline));
  const ended = new Set((await endedLives(log, listing)).map(({ timeline }) => timeline));
  const latest = goingOn(timelines.map((timeline) => ({ timeline, hasEnded: ended.has(timeline) })))?.timeline;
  const lives: LogLife[] = [];
  // The newest first: its history tells of those that it came from.
  for (const timeline of timelines.toReversed()) {
    // Nothing of the log leads into a life that it has nothing of and never will: its points stand for themselves.
    const isBare = !hasLog.has(timeline) && (timeline !== timelines.at(-1) || !mayCome);
    const forks = await forksOf(keeping, log, timeline, lives, isBare);
    const hasEnded = ended.has(timeline) ? { hasEnded: true as const } : {};
    // However long ago anything came of it.
    const lastMs = timeline === latest ? undefined : await lastMsOf(timeline, log, listing, bases, signal);
    lives.unshift({ timeline, forks, lastMs, ...hasEnded });
  }
  return lives;
}

/** As the history of the timeline says, or that of one that came from it. */
async function forksOf(
  keeping: Pick<LogKeeping, 'forksOf'>,
  log: LogReader,
  timeline: number,
  later: readonly LogLife[],
  isBare: boolean,
): Promise<readonly LogFork[]> {
  try {
    return await keeping.forksOf(log, timeline);
  } catch (error) {
    if (!isLifeboatError(error, 'repository.incomplete')) throw error;
    for (const { forks } of later) {
      const at = forks.findIndex((fork) => fork.timeline === timeline);
      if (at >= 0) return forks.slice(0, at);
    }
    if (isBare) return [];
    throw error;
  }
}

async function lastMsOf(
  timeline: number,
  log: LogReader,
  { pieces, clocks }: LogListing,
  bases: LivesGround['bases'],
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const ownClocks = clocks.filter((clock) => clock.timeline === timeline);
  const ownBases = bases.filter((base) => base.timeline === timeline);
  const said = [...ownClocks, ...ownBases].map(({ atMs }) => atMs);
  const own = pieces.filter((piece) => piece.timeline === timeline);
  const looked = own.slice(-looksMax);
  try {
    for (const piece of looked.toReversed()) {
      const { commits, completeToMs, names = [] } = await log.marks(piece, signal === undefined ? {} : { signal });
      const times = [commits?.newestMs, completeToMs, ...names.map(({ atMs }) => atMs)];
      said.push(...times.filter((ms) => ms !== undefined));
      // Each of them is later than all of the log before it.
      if (times.some((ms) => ms !== undefined)) return Math.max(...said);
    }
    const rest = own.slice(0, -looksMax);
    const from = rest.reduce((most, { end }) => (end > most ? end : most), 0n);
    const isBounded =
      rest.length === 0 || ownBases.some(({ start }) => start >= from) || (await isAnyTrue(log, ownClocks, from));
    // Else its log goes further back than was looked, and may be of any age.
    return isBounded && said.length > 0 ? Math.max(...said) : undefined;
  } catch (error) {
    // What moved since it was listed, or is damaged, says nothing: then nobody knows when that life ended.
    if (!isNothingSaid(error)) throw error;
    return undefined;
  }
}

/** Whether a clock says something of all of the log before this place: one that is only a name could let go of what is needed. */
async function isAnyTrue(log: LogReader, clocks: LogListing['clocks'], from: bigint): Promise<boolean> {
  for (const clock of clocks.filter(({ position }) => position >= from).toReversed()) {
    try {
      await log.clock(clock);
      return true;
    } catch (error) {
      if (!isNothingSaid(error)) throw error;
    }
  }
  return false;
}

const isNothingSaid = (error: unknown): boolean =>
  isLifeboatError(error, 'repository.incomplete') || isLifeboatError(error, 'repository.damaged');
