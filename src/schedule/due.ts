import { createHash } from 'node:crypto';
import { limits } from '../core/index.ts';
import type { Calendar } from '../plan/index.ts';
import type { Task } from './task.ts';

/** What was of a task until now; milliseconds since 1970. */
export interface Past {
  /** When it last began, or since when it is known at all: turns count from here. */
  readonly baseMs: number;
  readonly everBegan: boolean;
  /** When the last try failed, was stopped or died: when the next one comes, whatever the calendar says. */
  readonly againMs?: number | undefined;
  /** Something else has asked for it since it last began. */
  readonly wokenMs?: number | undefined;
}

type Rhythm = Pick<Task, 'id' | 'calendars' | 'atOnce' | 'spread'>;

/**
 * When a task is due: at most `nowMs` when it is due now. However many turns went by since it last began, it is due once. A clock that was set
 * back must not keep anything waiting until it has caught up. Undefined: never again.
 */
export function dueAt(task: Rhythm, past: Past, nowMs: number): number | undefined {
  const baseMs = Math.min(past.baseMs, nowMs);
  const turnMs = nextTurn(task.calendars, baseMs);
  const moments = [
    turnMs === undefined ? undefined : turnMs + (task.spread ? spreadMs(task, turnMs) : 0),
    past.againMs === undefined ? undefined : Math.min(past.againMs, nowMs + limits.againMsMax),
    past.wokenMs === undefined ? undefined : Math.min(past.wokenMs, nowMs),
    task.atOnce && !past.everBegan ? baseMs : undefined,
  ].filter((moment) => moment !== undefined);
  return moments.length === 0 ? undefined : Math.min(...moments);
}

/** Turns that a begin at `nowMs` makes up for beside the one it serves: 0 on a schedule that is kept; counted up to a bound. */
export function missedTurns(calendars: readonly Calendar[], baseMs: number, nowMs: number): number {
  let turns = 0;
  let at = nextTurn(calendars, baseMs);
  while (at !== undefined && at <= nowMs && turns <= limits.missedTurnsMax) {
    turns += 1;
    at = nextTurn(calendars, at);
  }
  return Math.max(0, turns - 1);
}

/** How long after a failure the next try comes: twice as late each time; what only a person can mend is tried at the longest distance. */
export const againAfterMs = (failures: number, soon: boolean): number =>
  soon ? Math.min(limits.againMs * 2 ** Math.max(0, failures - 1), limits.againMsMax) : limits.againMsMax;

/** The first turn of any calendar after a moment. */
export function nextTurn(calendars: readonly Calendar[], afterMs: number): number | undefined {
  let first: number | undefined;
  for (const calendar of calendars) {
    const next = calendar.next(afterMs);
    if (next !== undefined && (first === undefined || next < first)) first = next;
  }
  return first;
}

/** How far the next turns are apart: by that it is judged how much it matters to be late. */
export function rhythmMs(calendars: readonly Calendar[], nowMs: number): number {
  const turnMs = nextTurn(calendars, nowMs);
  const following = turnMs === undefined ? undefined : nextTurn(calendars, turnMs);
  return turnMs === undefined || following === undefined ? limits.againMsMax : following - turnMs;
}

/** The distance of a task to its turn: always the same for the same task, and small against its rhythm. */
function spreadMs({ id, calendars }: Rhythm, turnMs: number): number {
  const following = nextTurn(calendars, turnMs);
  const widthMs = following === undefined ? limits.spreadMsMax : (following - turnMs) / 10;
  return Math.floor(shareOf(id) * Math.min(widthMs, limits.spreadMsMax));
}

/** From 0 up to 1, by a name. */
function shareOf(id: string): number {
  const known = shares.get(id);
  if (known !== undefined) return known;
  const share = createHash('sha256').update(id).digest().readUInt32BE(0) / 2 ** 32;
  if (shares.size >= sharesKept) shares.clear();
  shares.set(id, share);
  return share;
}

const shares = new Map<string, number>();
const sharesKept = 20_000;
