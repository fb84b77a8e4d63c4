import { isoTime, limits } from '../../core/index.ts';
import { localCalendar, type LocalCalendar } from './local-calendar.ts';
import type { KeptWindow, RetentionRules } from './rules.ts';
import { slotName, slotOf } from './slots.ts';
import { spanSum, type Span } from './span.ts';

/** What retention needs to know of a recovery point in one store. */
export interface RetainedPoint {
  readonly id: string;
  readonly asset: string;
  /** `base`, `snapshot`, `tree`, `dump`: each kind of an asset is judged by itself. */
  readonly kind: string;
  /** The moment whose data it holds, milliseconds since 1970. */
  readonly atMs: number;
  /** When every byte of it was last read back sound. */
  readonly verifiedMs: number | undefined;
  /** When it was last restored with all checks green. */
  readonly provenMs: number | undefined;
  /** Its newest verification found that it cannot be restored whole. */
  readonly damaged: boolean;
  /** The lives of its source that the log leads to from it; without a log there is only one. */
  readonly leadsTo?: readonly LedLife[];
}

/** A life of a source: a server that is taken back, or over to another machine, begins a new one. */
export interface LedLife {
  readonly life: number;
  /** Its latest moment that is known; undefined where it goes on. */
  readonly lastMs: number | undefined;
  /** The one that a restore follows which is not told another. */
  readonly goesOn?: true;
}

/** What keeps points whatever their age: of one point, or of all points of an asset. */
export interface RetentionHold {
  readonly id: string;
  readonly point: string | undefined;
  readonly asset: string | undefined;
  /** For people: `legal hold 01kb… by counsel: case 4711`. */
  readonly words: string;
  readonly untilMs: number | undefined;
}

export interface RetentionRequest {
  /** Of one store, in any order. */
  readonly points: readonly RetainedPoint[];
  /** Undefined: the plan says nothing of keeping this asset's points. `unknown`: it has no such asset. */
  readonly rulesOf: (asset: string) => RetentionRules | undefined | 'unknown';
  readonly holds: readonly RetentionHold[];
  /** Why nothing at all may go now: a hold that cannot be read. */
  readonly nothingGoes?: string | undefined;
  readonly timezone: string;
  readonly nowMs: number;
}

export interface RetentionDecision {
  readonly point: RetainedPoint;
  readonly keep: boolean;
  /** Sentences without a full stop: everything that speaks for keeping it, or why it goes. */
  readonly reasons: readonly RetentionReason[];
}

export interface RetentionReason {
  readonly rule: RetentionRule;
  readonly words: string;
  /** When this reason ends; undefined where that is not a matter of time. */
  readonly untilMs: number | undefined;
}

export type RetentionRule =
  | KeptWindow['slot']
  | 'atLeast'
  | 'pitr'
  | 'forever'
  | 'newest'
  | 'verified'
  | 'proven'
  | 'unsound'
  | 'hold'
  | 'future'
  | 'no rule'
  | 'not in plan'
  | 'expired';

/**
 * Which points stay and which go, each with its reasons; pure, in the order of asset, kind and age. A point goes only when nothing speaks
 * for keeping it. Deciding again after the others went changes nothing, and who decides late keeps nothing that who decides each day
 * has given up: a slot is held by the first sound point of those that are there, never longer than its own time.
 */
export function decideRetention(request: RetentionRequest): RetentionDecision[] {
  const calendar = localCalendar(request.timezone);
  const groups = Map.groupBy(request.points, ({ asset, kind }) => `${asset}\n${kind}`);
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, points]) => new Group(points.toSorted(byAge), request, calendar).decide());
}

/** The first moment of the window of which any is kept, milliseconds since 1970, by the calendar; undefined without a window. */
export const pitrStart = (
  { pitr }: Pick<RetentionRules, 'pitr'>,
  { timezone, nowMs }: Pick<RetentionRequest, 'timezone' | 'nowMs'>,
): number | undefined => (pitr === undefined ? undefined : localCalendar(timezone).before(nowMs, pitr));

const byAge = (a: RetainedPoint, b: RetainedPoint): number => a.atMs - b.atMs || (a.id < b.id ? -1 : 1);

/** The newest point that leads to each of these lives. */
function newestOfLives(
  points: readonly RetainedPoint[],
  isMeant: (life: LedLife) => boolean,
): (RetainedPoint | undefined)[] {
  const led = points.flatMap(({ leadsTo = [] }) => leadsTo);
  const lives = new Set(led.flatMap((one) => (isMeant(one) ? [one.life] : [])));
  return [...lives].map((life) => points.findLast(({ leadsTo = [] }) => leadsTo.some((one) => one.life === life)));
}

/** The points of one kind of one asset. */
class Group {
  readonly #points: readonly RetainedPoint[];
  /** Without those of a time that has not come: a wrong clock made them, and they must not pass for the newest. */
  readonly #honest: readonly RetainedPoint[];
  readonly #future: readonly RetainedPoint[];
  readonly #sound: readonly RetainedPoint[];
  readonly #request: RetentionRequest;
  readonly #calendar: LocalCalendar;
  readonly #reasons = new Map<string, RetentionReason[]>();
  /** Of points that a window held and holds no longer. */
  readonly #past = new Map<string, string>();

  constructor(points: readonly RetainedPoint[], request: RetentionRequest, calendar: LocalCalendar) {
    this.#points = points;
    this.#honest = points.filter(({ atMs }) => atMs <= request.nowMs + limits.clockToleranceMs);
    this.#future = points.slice(this.#honest.length);
    this.#sound = this.#honest.filter(({ damaged }) => !damaged);
    this.#request = request;
    this.#calendar = calendar;
  }

  decide(): RetentionDecision[] {
    const rules = this.#request.rulesOf(this.#points[0]?.asset ?? '');
    if (rules === 'unknown') this.#keepAll('not in plan', 'the plan has no such asset (any more): its points stay');
    else if (rules === undefined) this.#keepAll('no rule', 'the plan says nothing of how long its points are kept');
    else this.#apply(rules);
    this.#guard();
    this.#hold();
    return this.#points.map((point) => this.#decisionOf(point));
  }

  #apply(rules: RetentionRules): void {
    if (rules.forever) this.#keepAll('forever', 'the plan keeps its points for ever');
    for (const window of rules.windows) this.#applyWindow(window, rules);
    const least = Math.max(0, this.#sound.length - rules.atLeast);
    for (const point of rules.atLeast === 0 ? [] : this.#sound.slice(least))
      this.#keep(point, 'atLeast', `one of the newest ${rules.atLeast} sound points, of which the plan keeps so many`);
    const startMs = pitrStart(rules, this.#request);
    if (startMs !== undefined) this.#applyPitr(startMs, rules.pitr?.text ?? '');
  }

  /** The first sound point of each slot stands for it; damaged ones before it stay as long, and do not count. */
  #applyWindow(window: KeptWindow, rules: RetentionRules): void {
    const span = this.#spanOf(window, rules);
    const filled = new Set<number>();
    for (const point of this.#honest) {
      const slot = slotOf(this.#calendar, window, point.atMs);
      if (window.slot !== 'all' && filled.has(slot)) continue;
      if (!point.damaged) filled.add(slot);
      const untilMs = this.#calendar.after(point.atMs, span);
      const name = this.#nameOf(window, point);
      if (untilMs > this.#request.nowMs)
        this.#keep(point, window.slot, `${name} (${window.slot} ${span.text})`, untilMs);
      else this.#past.set(point.id, `${name}, which was kept for ${span.text} until ${this.#date(untilMs)}`);
    }
  }

  /** A window that reaches a tier lasts to the tier's end: `daily: 30d` and 90 days in the archive after 30 are 120 days. */
  #spanOf({ span }: KeptWindow, { tiers }: RetentionRules): Span {
    const end = (one: Span): number => this.#calendar.after(this.#request.nowMs, one);
    return tiers
      .flatMap((tier) => (tier.for === undefined || end(tier.after) > end(span) ? [] : [spanSum(tier.after, tier.for)]))
      .reduce((longest, one) => (end(one) > end(longest) ? one : longest), span);
  }

  #nameOf(window: KeptWindow, point: RetainedPoint): string {
    if (window.slot === 'all') return 'every point';
    const slot = slotName(this.#calendar, window, point.atMs);
    return point.damaged ? `the damaged first point of ${slot}, which does not count` : `the first point of ${slot}`;
  }

  /**
   * From the newest sound point at or before the window's start on: from there any moment of the window can be reached. Where that one stands in a
   * life of the source that was left, so is an older one that leads to the life that goes on.
   */
  #applyPitr(startMs: number, length: string): void {
    const before = this.#sound.filter(({ atMs }) => atMs <= startMs);
    const base = before.at(-1);
    const first = base === undefined ? -Infinity : base.atMs;
    const starts = new Set([base, ...newestOfLives(before, ({ lastMs = Infinity }) => lastMs >= startMs)]);
    for (const point of this.#honest) {
      if (starts.has(point)) this.#keep(point, 'pitr', `the start of the window of ${length} is reached from it`);
      else if (point.atMs >= first) this.#keep(point, 'pitr', `within the ${length} of which any moment is kept`);
    }
  }

  /** What no rule of a plan can give up. */
  #guard(): void {
    for (const point of this.#future) {
      this.#keep(
        point,
        'future',
        `it says that it is of ${isoTime(point.atMs)}, which has not come: a clock was wrong`,
      );
    }
    if (this.#sound.length === 0) {
      for (const point of this.#honest)
        this.#keep(point, 'unsound', `no ${point.kind} point of ${point.asset} is sound: nothing of it goes`);
      return;
    }
    const { asset, kind } = this.#sound[0] as RetainedPoint;
    const last = (is: (point: RetainedPoint) => boolean): RetainedPoint | undefined => this.#sound.findLast(is);
    this.#keep(this.#sound.at(-1), 'newest', `the newest sound ${kind} point of ${asset}`);
    // Behind an undone restore in place the newest point is of a life that ended.
    for (const point of newestOfLives(this.#sound, ({ goesOn }) => goesOn === true))
      if (point !== this.#sound.at(-1))
        this.#keep(point, 'newest', `the newest sound ${kind} point of ${asset} that leads to the life that goes on`);
    const newest = this.#honest.at(-1);
    if (newest?.damaged === true) this.#keep(newest, 'newest', `the newest point of ${asset}, damaged as it is`);
    this.#keep(
      last(({ verifiedMs }) => verifiedMs !== undefined),
      'verified',
      'the newest of which every byte was read back',
    );
    this.#keep(
      last(({ provenMs }) => provenMs !== undefined),
      'proven',
      'the newest that was restored with all checks green',
    );
  }

  #hold(): void {
    const { holds, nothingGoes, nowMs } = this.#request;
    for (const { words, untilMs, ...of } of holds) {
      if (untilMs !== undefined && untilMs <= nowMs) continue;
      for (const point of this.#points)
        if (of.point === point.id || of.asset === point.asset) this.#keep(point, 'hold', words, untilMs);
    }
    if (nothingGoes !== undefined) this.#keepAll('hold', nothingGoes);
  }

  #keepAll(rule: RetentionRule, words: string): void {
    for (const point of this.#points) this.#keep(point, rule, words);
  }

  #keep(point: RetainedPoint | undefined, rule: RetentionRule, words: string, untilMs?: number): void {
    if (point === undefined) return;
    const reasons = this.#reasons.get(point.id) ?? [];
    this.#reasons.set(point.id, [...reasons, { rule, words, untilMs }]);
  }

  #decisionOf(point: RetainedPoint): RetentionDecision {
    const reasons = this.#reasons.get(point.id);
    if (reasons !== undefined) return { point, keep: true, reasons };
    const words =
      this.#past.get(point.id) ?? 'another point stands for each hour, day, week, month or year that is kept';
    return { point, keep: false, reasons: [{ rule: 'expired', words, untilMs: undefined }] };
  }

  #date(ms: number): string {
    return this.#calendar.isoDate(ms);
  }
}
