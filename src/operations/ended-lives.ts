import { endedLives, type LogEnding, type LogKeeping, type LogListing, type LogWriter } from '../assets/index.ts';
import { allInTime, isLifeboatError, LifeboatError, limits, systemClock, toLifeboatError } from '../core/index.ts';
import type { Journal } from '../journal/index.ts';
import type { Workspace } from './contract.ts';
import { holdersOf } from './stores-of.ts';

export interface GoingBack {
  readonly asset: string;
  /** What the source calls its log. */
  readonly source: string;
  /** The life that ends, and where; `undefined`: not known any more, and only what was written down of it before is told to the stores. */
  readonly left: LogEnding | undefined;
  /** The timeline of what comes in its place. */
  readonly back: number;
  readonly signal?: AbortSignal;
}

export interface WentBack {
  /** The lives that ended by it. */
  readonly endings: readonly LogEnding[];
  /** The lives that had ended before, as the journal and the stores that answered know. */
  readonly before: readonly LogEnding[];
  /** Stores that were not told: a restore from one of them alone goes along the life that ended, until it is. */
  readonly missing: readonly { readonly store: string; readonly reason: string }[];
}

interface HeldLog {
  readonly store: string;
  readonly log: LogWriter;
  readonly listing: LogListing;
}

/**
 * Writes down, in the journal and in each store with the log, that a source goes back from one life to another: all that came of the first and is not
 * on the way to the second has ended, and what is on that way has not. A store that does not take it is named, and told by the next stream. Nothing is written
 * of a life that no store has log of, where all of them answer. Throws what the journal throws.
 */
export async function goBack(workspace: Workspace, going: GoingBack): Promise<WentBack> {
  const { asset, back } = going;
  const keeping = workspace.asset(asset).log;
  if (keeping === undefined) return { endings: [], before: [], missing: [] };
  const { held, missing } = await lookIntoStores(workspace, going);
  const ways = new Ways(keeping, held);
  const goOn = await ways.of(back);
  const before = await endedBefore(workspace, going, held);
  const left = furthest(going.left, endingsKnown(workspace.journal, asset, going.source));
  const endings: LogEnding[] = [];
  if (left !== undefined && held.length + missing.length > 0) {
    if (ways.has(left.timeline)) endings.push(...(await endingsOf(ways, held, left, goOn)));
    // A store that is away may have it: what came to be later than the life that comes back is not on the way to that.
    else if (missing.length > 0 && left.timeline > back) endings.push(left);
    note(workspace, going, endings, goOn);
  }
  return { endings, before, missing: await tell(workspace, going, { held, missing, goOn }) };
}

/** A folder that is half rewritten may hold less of its log than it did. */
function furthest(left: LogEnding | undefined, known: readonly LogEnding[]): LogEnding | undefined {
  const noted = known.find(({ timeline }) => timeline === left?.timeline);
  return left !== undefined && noted !== undefined && noted.position > left.position ? noted : left;
}

/** For who went back from nothing in the end: which lives had ended, and which go on, is as it was. */
export async function stay(
  workspace: Workspace,
  { asset, source }: Pick<GoingBack, 'asset' | 'source'>,
  { endings, before }: WentBack,
): Promise<void> {
  const goOn = new Set(endings.map(({ timeline }) => timeline));
  for (const { timeline } of before) goOn.delete(timeline);
  if (goOn.size === 0 && before.length === 0) return;
  note(workspace, { asset, source }, before, goOn);
  // Also where people called it off: what they wanted stopped is not this.
  await tell(workspace, { asset, source }, { ...(await lookIntoStores(workspace, { asset, source })), goOn });
}

/** One that a store cannot show now is not put back into another. */
async function endedBefore(
  { journal }: Workspace,
  { asset, source }: Pick<GoingBack, 'asset' | 'source'>,
  held: readonly HeldLog[],
): Promise<LogEnding[]> {
  const told = await each(
    held,
    ({ store }) => store,
    ({ log, listing }) => endedLives(log, listing),
  );
  const known = [...told.done.flat(), ...endingsKnown(journal, asset, source)];
  return [...new Map(known.map((one) => [one.timeline, one])).values()];
}

function note(
  { journal }: Workspace,
  { asset, source }: Pick<GoingBack, 'asset' | 'source'>,
  endings: readonly LogEnding[],
  goOn: ReadonlySet<number>,
): void {
  const shown = endings.map(({ timeline, position }) => ({ timeline, position: position.toString(16) }));
  journal.append('inplace.went_back', { asset, source, endings: shown, to: [...goOn] });
}

/** What the journal of this machine knows of lives that ended. */
export function endingsKnown(journal: Pick<Journal, 'records'>, asset: string, source: string): LogEnding[] {
  const ended = new Map<number, LogEnding>();
  for (const { data } of journal.records({ kinds: ['inplace.went_back'] })) {
    if (data['asset'] !== asset || data['source'] !== source) continue;
    for (const { timeline, position } of data['endings'] as { timeline: number; position: string }[])
      ended.set(timeline, { timeline, position: BigInt(`0x${position}`) });
    for (const timeline of data['to'] as number[]) ended.delete(timeline);
  }
  return [...ended.values()];
}

async function lookIntoStores(
  workspace: Workspace,
  { asset, source, signal }: Omit<GoingBack, 'left' | 'back'>,
): Promise<{ held: HeldLog[]; missing: WentBack['missing'] }> {
  const options = signal === undefined ? {} : { signal };
  const answers = await each(
    holdersOf(workspace.plan, asset),
    (store) => store,
    async (store) => {
      const log = (await workspace.repository(store)).log(asset, source);
      return { store, log, listing: await log.list(options) };
    },
  );
  return { held: answers.done.filter(({ listing }) => listing.pieces.length > 0), missing: answers.missing };
}

/** How timelines came to be, as any of the logs tells. */
class Ways {
  readonly #keeping: LogKeeping;
  readonly #held: readonly HeldLog[];

  constructor(keeping: LogKeeping, held: readonly HeldLog[]) {
    this.#keeping = keeping;
    this.#held = held;
  }

  has = (timeline: number): boolean => timeline === 1 || this.all().includes(timeline);

  all = (): number[] => [...new Set(this.#held.flatMap(({ listing }) => listing.histories))];

  /** With itself. Of one that no log has a history of nothing else is known. */
  async of(timeline: number): Promise<Set<number>> {
    for (const { log, listing } of this.#held) {
      if (!listing.histories.includes(timeline)) continue;
      try {
        const forks = await this.#keeping.forksOf(log, timeline);
        return new Set([...forks.map((fork) => fork.timeline), timeline]);
      } catch (error) {
        // Damaged here: another store may have it whole.
        if (!isLifeboatError(error)) throw error;
      }
    }
    return new Set([timeline]);
  }
}

/** The life that was left, those between it and the one that comes back, and those that came of them meanwhile. */
async function endingsOf(
  ways: Ways,
  held: readonly HeldLog[],
  left: LogEnding,
  kept: ReadonlySet<number>,
): Promise<LogEnding[]> {
  const over = new Set([...(await ways.of(left.timeline))].filter((timeline) => !kept.has(timeline)));
  const endings: LogEnding[] = [];
  for (const timeline of ways.all()) {
    if ((await ways.of(timeline)).isDisjointFrom(over)) continue;
    endings.push(timeline === left.timeline ? left : { timeline, position: endOf(held, timeline) });
  }
  return endings;
}

const endOf = (held: readonly HeldLog[], timeline: number): bigint =>
  held
    .flatMap(({ listing }) => listing.pieces)
    .reduce((most, piece) => (piece.timeline === timeline && piece.end > most ? piece.end : most), 0n);

async function tell(
  { journal }: Workspace,
  { asset, source }: Pick<GoingBack, 'asset' | 'source'>,
  of: { readonly held: readonly HeldLog[]; readonly missing: WentBack['missing']; readonly goOn: ReadonlySet<number> },
): Promise<WentBack['missing']> {
  const { held, missing, goOn } = of;
  const endings = endingsKnown(journal, asset, source);
  const told = await each(
    held,
    ({ store }) => store,
    async ({ log, listing }) => {
      // Where the store has no history of it, nothing of it came there: its number may still be given to another life.
      for (const ending of endings) if (listing.histories.includes(ending.timeline)) await log.appendEnding(ending);
      await log.removeEndings(listing.endings.filter(({ timeline }) => goOn.has(timeline)));
    },
  );
  return [...missing, ...told.missing];
}

/** Of each store for itself: one that is away, or hangs, holds up nobody. */
async function each<T, R>(
  items: readonly T[],
  nameOf: (item: T) => string,
  work: (item: T) => Promise<R>,
): Promise<{ done: R[]; missing: { store: string; reason: string }[] }> {
  const done: R[] = [];
  const missing: { store: string; reason: string }[] = [];
  const late = (store: string) => () =>
    new LifeboatError('store.unreachable', `${store} did not answer within ${limits.storeLookMs / 1000} s`);
  const answers = await allInTime(items.map(work), (index) => ({
    clock: systemClock,
    ms: limits.storeLookMs,
    late: late(nameOf(items[index] as T)),
  }));
  for (const [index, answer] of answers.entries())
    if (answer.status === 'fulfilled') done.push(answer.value);
    else missing.push({ store: nameOf(items[index] as T), reason: toLifeboatError(answer.reason).message });
  return { done, missing };
}
