import type { LogListing, LogReader, RecoveryTarget } from '../../log.ts';
import { isoTime, LifeboatError } from '../../../core/index.ts';
import { lsnValue } from '../base/end-of-backup.ts';
import type { LogEvent } from '../stream/received/records.ts';
import type { Way } from '../stream/resume.ts';
import type { Start } from './choose-way.ts';
import { findEvent, isWhole, leadsThrough, legsFrom, newestKnown, type EventQuestion, type Leg } from './survey-log.ts';
import { damagedBehind, noBase, reachableText, refusalCode } from './unreachable.ts';

/** What a target is looked for in. */
export interface Ground {
  readonly log: LogReader;
  readonly listing: LogListing;
  readonly way: Way;
  /** Oldest first. */
  readonly starts: readonly Start[];
  readonly target: RecoveryTarget;
  readonly signal: AbortSignal | undefined;
}

/** In the hint of an error. */
const namesShownMax = 5;

/**
 * A name or a transaction is looked for in the log that points lead to; a position is where it says. `undefined`: the target is no place.
 * Throws `input.flag`, `restore.unreachable_target`, `restore.unknown_target`, `log.gap`.
 */
export async function locate(ground: Ground): Promise<bigint | undefined> {
  const { target, log, listing, signal } = ground;
  if (target.kind === 'position') return positionOf(target.text);
  if (target.kind !== 'name' && target.kind !== 'transaction') return undefined;
  const stretches = stretchesOf(ground);
  const [newest] = stretches;
  if (newest === undefined) throw noBase(ground);
  const oldest = stretches.at(-1) as Stretch;
  const seen = target.kind === 'name' ? new SeenNames(target.text) : new SeenTransactions(target.text, oldest.start);
  for (const { start, legs } of stretches) {
    const found = await findEvent(log, legs, listing.pieces, start.segmentBytes, seen, signal);
    if (found !== undefined) return found.event.end;
  }
  const what = target.kind === 'name' ? `restore point "${target.text}"` : `transaction ${target.text}`;
  const known = await newestKnown(log, newest.legs, listing, newest.start.segmentBytes, signal);
  const hasHole = !isWhole(newest.legs, listing.pieces, ground.way);
  const damaged = damagedBehind(newest.legs, listing.pieces);
  throw new LifeboatError(
    refusalCode(hasHole),
    `the log from ${isoTime(oldest.start.base.atMs)} on holds no ${what}; ${reachableText(known, newest.legs, damaged)}`,
    {
      ...(damaged === undefined ? {} : { where: damaged }),
      hint: `${seen.words()}Name a moment or a position instead, or look into the log of another store: --store NAME.`,
    },
  );
}

interface Stretch {
  readonly start: Start;
  readonly legs: readonly Leg[];
}

/** Log without a gap behind a point, the newest first. Between an older point and a newer one it may have been pruned. */
function stretchesOf({ starts, way, listing }: Ground): Stretch[] {
  const stretches: Stretch[] = [];
  for (const start of starts) {
    const { timeline, end } = start.place;
    if (!leadsThrough(start.place, way)) continue;
    if (stretches[0]?.legs.some((leg) => leg.timeline === timeline && leg.from <= end && end <= leg.to)) continue;
    stretches.unshift({ start, legs: legsFrom(start.place, listing.pieces, way, start.segmentBytes) });
  }
  return stretches;
}

/** What was come by while something else was looked for: for whoever mistyped it. */
interface Seen extends EventQuestion {
  /** A sentence and a space, or nothing. */
  words(): string;
}

class SeenNames implements Seen {
  readonly #wanted: string;
  /** The newest first. */
  readonly #seen = new Set<string>();

  constructor(wanted: string) {
    this.#wanted = wanted;
  }

  mayHold({ names = [] }: Parameters<EventQuestion['mayHold']>[0]): boolean {
    for (const { name } of names.toReversed()) this.#seen.add(name);
    return names.some(({ name }) => name === this.#wanted);
  }

  matches(event: LogEvent): boolean {
    return event.kind === 'name' && event.name === this.#wanted;
  }

  words(): string {
    if (this.#seen.size === 0) return 'It holds none at all. ';
    const shown = [...this.#seen].slice(0, namesShownMax).map((name) => `"${name}"`);
    return `It holds ${shown.join(', ')}${this.#seen.size > namesShownMax ? ' and others' : ''}. `;
  }
}

class SeenTransactions implements Seen {
  readonly #wanted: number;
  /** What ended before is in every point already. */
  readonly #from: bigint;
  #lowest = Infinity;
  #highest = -Infinity;
  #below = -Infinity;
  #above = Infinity;

  constructor(text: string, { place }: Start) {
    this.#wanted = Number(text);
    this.#from = place.end;
    if (/^\d+$/.test(text) && this.#wanted >= 3 && this.#wanted < 2 ** 32) return;
    throw new LifeboatError('input.flag', `"${text}" is no number of a transaction`, {
      hint: 'What pg_current_xact_id() said, without the epoch: a number from 3 to 4294967295.',
    });
  }

  mayHold(
    { transactions }: Parameters<EventQuestion['mayHold']>[0],
    { start }: Parameters<EventQuestion['mayHold']>[1],
    isInside: boolean,
  ): boolean {
    if (transactions === undefined) return false;
    const [lowest, highest] = transactions;
    // The marks of a piece that lies beside the way in part tell of both parts: its records say which is which.
    if (!isInside || start < this.#from) return true;
    this.#add(lowest);
    this.#add(highest);
    return lowest <= this.#wanted && this.#wanted <= highest;
  }

  matches(event: LogEvent): boolean {
    if (event.kind === 'name') return false;
    if (event.end >= this.#from) this.#add(event.transaction);
    return event.transaction === this.#wanted;
  }

  #add(transaction: number): void {
    this.#lowest = Math.min(this.#lowest, transaction);
    this.#highest = Math.max(this.#highest, transaction);
    if (transaction < this.#wanted) this.#below = Math.max(this.#below, transaction);
    if (transaction > this.#wanted) this.#above = Math.min(this.#above, transaction);
  }

  words(): string {
    if (this.#lowest > this.#highest) return 'It holds none at all. ';
    if (this.#lowest === this.#highest) return `It holds one only: ${this.#lowest}. `;
    const nearest = [this.#below, this.#above].filter(Number.isFinite).join(' and ');
    return `It holds some from ${this.#lowest} to ${this.#highest}; nearest to it: ${nearest}. `;
  }
}

function positionOf(text: string): bigint {
  if (/^[0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8}$/.test(text)) return lsnValue(text);
  throw new LifeboatError('input.flag', `"${text}" is no position in a log`, {
    hint: 'Write it as PostgreSQL does: 16/B374D848.',
  });
}
