import type { LogPiece, RecoveryTarget } from '../../log.ts';
import { isoTime, LifeboatError } from '../../../core/index.ts';
import { lsnText } from '../lsn.ts';
import type { Start } from './choose-way.ts';
import type { Leg, NewestKnown } from './survey-log.ts';

/**
 * What a target that cannot be come to is refused with. Where the log has a hole, what was named may lie behind it: something is missing that should be
 * there (`log.gap`). Where it is whole, what was named is not in it (`restore.unknown_target`).
 */
export const refusalCode = (hasHole: boolean): 'log.gap' | 'restore.unknown_target' =>
  hasHole ? 'log.gap' : 'restore.unknown_target';

/** Where only one may be taken, because there is no other or it was named, it is about that one. */
export function noBase({
  starts,
  target,
}: {
  readonly starts: readonly Start[];
  readonly target: RecoveryTarget;
}): LifeboatError {
  const earliest = starts[0];
  const where = earliest && `of ${isoTime(earliest.base.atMs)}`;
  const message =
    earliest !== undefined && starts.length === 1
      ? `the point ${earliest.base.id} does not end before ${wordsOf(target)}: it is ${where}, at ${lsnText(earliest.place.end)}`
      : `no recovery point ends before ${wordsOf(target)}`;
  return new LifeboatError('restore.unreachable_target', message, {
    hint:
      earliest === undefined
        ? 'Take one: lifeboat backup.'
        : `The earliest is ${earliest.base.id}, ${where} at ${lsnText(earliest.place.end)}.`,
  });
}

function wordsOf(target: RecoveryTarget): string {
  if (target.kind === 'time') return isoTime(target.atMs);
  if (target.kind === 'name') return `the restore point "${target.text}"`;
  return target.kind === 'now' ? 'now' : `the ${target.kind} ${target.text}`;
}

interface EndOfWay {
  /** `to its end`. */
  readonly where: string;
  readonly hasHole: boolean;
  readonly target: RecoveryTarget;
  /** See `damagedBehind`. */
  readonly damaged: string | undefined;
}

/** What was asked for lies behind the end of the way. */
export function behindTheEnd(
  start: Start,
  legs: readonly Leg[],
  known: NewestKnown,
  { where, hasHole, target, damaged }: EndOfWay,
): LifeboatError {
  const reachable = reachableMs(known);
  return new LifeboatError(
    refusalCode(hasHole),
    `the log does not lead from the point ${start.base.id} ${where}: ${reachableText(known, legs, damaged)}`,
    {
      ...(damaged === undefined ? {} : { where: damaged }),
      hint:
        reachable === undefined || reachable < start.base.atMs
          ? `Restore the point alone (${isoTime(start.base.atMs)}): --point ${start.base.id}; or look into another store: --store NAME.`
          : `Restore what is there: --at ${isoTime(reachable)}${alongWords(target)}; or look into another store: --store NAME.`,
    },
  );
}

/** A moment is reached along the timeline that was asked for: along another one it may be another life, or not there. */
export const alongWords = ({ timeline = 'latest' }: RecoveryTarget): string =>
  timeline === 'latest' ? '' : ` --timeline ${timeline}`;

/** The object that holds what is behind the end of the legs, where it is there and damaged. */
export function damagedBehind(legs: readonly Leg[], pieces: readonly LogPiece[]): string | undefined {
  const { timeline, to } = legs.at(-1) as Leg;
  return pieces.find((piece) => piece.timeline === timeline && piece.start <= to && piece.end > to)?.damaged;
}

export function reachableText(known: NewestKnown, legs: readonly Leg[], damaged: string | undefined): string {
  const last = legs.at(-1) as Leg;
  const reachable = reachableMs(known);
  const moment = reachable === undefined ? '' : `, ${isoTime(reachable)}`;
  const behind = damaged === undefined ? '' : `; what comes then is damaged (${damaged})`;
  return `it is without a gap up to ${lsnText(last.to)} on timeline ${last.timeline}${moment}${behind}`;
}

/**
 * The latest moment that `--at` may name. Of a commit nobody knows whether others of the same millisecond are missing behind it, so that it is
 * the moment just before the newest one, unless the source's clock says that all was there.
 */
export const reachableMs = ({ newestCommitMs, completeToMs }: NewestKnown): number | undefined =>
  newestCommitMs === undefined && completeToMs === undefined
    ? undefined
    : Math.max(newestCommitMs === undefined ? 0 : newestCommitMs - 1, completeToMs ?? 0);
