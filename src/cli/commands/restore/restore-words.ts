import type { RecoveryTarget, Reached, Replay, ReplayRange } from '../../../assets/index.ts';
import { formatBytes, isoTime } from '../../../core/index.ts';
import { laterTexts, type RestorePlan } from '../../../operations/index.ts';

interface Planned {
  readonly point: Pick<RestorePlan['point'], 'id' | 'atMs'>;
  readonly request: Pick<RestorePlan['request'], 'recover'>;
  readonly replay?: Pick<Replay, 'reachableMs'> | undefined;
}

/** Whose data a restore brings, or brought. Never the moment of a point that a log goes on from: it would read as if all after it were lost. */
export function dataText({ point, request, replay }: Planned, reached?: Reached): string {
  if (replay === undefined) return `data of ${isoTime(point.atMs)}, point ${point.id}`;
  return `data ${placeText(point.atMs, request.recover, replay, reached)}, by the log from the point ${point.id} of ${isoTime(point.atMs)} on`;
}

/** The first line of a look ahead. */
export const pointLine = ({ point, store, replay }: Planned & { readonly store: string }): string =>
  `point     ${point.id}, ${replay === undefined ? 'data of' : 'of'} ${isoTime(point.atMs)}, from ${store}`;

function placeText(
  pointMs: number,
  target: RecoveryTarget | undefined,
  { reachableMs }: Pick<Replay, 'reachableMs'>,
  reached: Reached | undefined,
): string {
  const just = target?.exclusive === true ? 'just before ' : '';
  if (target?.kind === 'time') return `of ${just}${isoTime(target.atMs)}`;
  const commitMs = reached?.time === undefined ? pointMs : Math.max(pointMs, Date.parse(reached.time));
  if (target === undefined || target.kind === 'now') return `of ${isoTime(Math.max(commitMs, reachableMs ?? 0))}`;
  if (reached !== undefined) return `of ${isoTime(commitMs)}`;
  return target.exclusive === true ? `of ${targetText(target)}` : targetText(target);
}

/** Up to what was asked for, and how much further it goes on. */
export function replayText({ from, to, upTo, timeline, bytesExpected, reachableMs }: Replay): string {
  const reaches = reachableMs === undefined ? '' : isoTime(reachableMs);
  const end = upTo === to ? reaches : [to, reaches].filter((word) => word !== '').join(', ');
  const goesOn = end === '' ? '' : `; ${upTo === to ? 'it reaches' : 'the log goes on to'} ${end}`;
  return `${from} to ${upTo} on timeline ${timeline} (${formatBytes(bytesExpected)}), without a gap${goesOn}`;
}

/** Where the replay stops, as it was asked for. */
export function targetText(target: RecoveryTarget | undefined): string {
  if (target === undefined || target.kind === 'now') return 'the end of the log';
  const where =
    target.kind === 'time'
      ? isoTime(target.atMs)
      : target.kind === 'name'
        ? `the restore point "${target.text}"`
        : `the ${target.kind} ${target.text}`;
  return `${target.exclusive === true ? 'just before' : 'up to and with'} ${where}`;
}

const rangeText = ({ timeline, from, to, bytes, pieces, storedBytes }: ReplayRange): string =>
  `timeline ${timeline}: ${from} to ${to}, ${formatBytes(bytes)} in ${pieces} objects of ${formatBytes(storedBytes)}`;

/** Beside the url, which is a private socket then. */
export const listeningText = ({ address }: { readonly address?: string }): string =>
  address === undefined ? '' : `, and ${address} for whoever has a password`;

/** Whether its url is shown without the password that it asks for: that is a secret, and the plan has it. */
export const needsPassword = ({ url, shownUrl }: { readonly url: string; readonly shownUrl: string }): boolean =>
  url !== shownUrl;

export const passwordText = (copy: Parameters<typeof needsPassword>[0]): string =>
  needsPassword(copy) ? ', with the password that the plan’s url has (PGPASSWORD, ~/.pgpass)' : '';

export const reachedText = ({ lsn, timeline, time }: Reached): string =>
  `${lsn}, now on timeline ${timeline}${time === undefined ? '' : `; the last transaction is of ${time}`}`;

/** Lines of a look ahead: what happens with the log. Nothing for kinds of assets that keep none. */
export function replayLines({
  point,
  request,
  replay,
  alone,
}: Pick<RestorePlan, 'point' | 'request' | 'replay' | 'alone'>): string[] {
  if (alone !== undefined) return [`replays   nothing: ${aloneText(alone, point.atMs)}`];
  if (replay === undefined) return [];
  const ranges = replay.ranges.map((range) => `          ${rangeText(range)}`);
  const later = laterTexts(replay).map((text) => `warning   ${text}`);
  const ended = replay.endings.map(
    ({ timeline }) =>
      `ended     timeline ${timeline}, which people went back from; --timeline ${timeline} brings it back`,
  );
  return [`replays   ${targetText(request.recover)}`, `log       ${replayText(replay)}`, ...ranges, ...ended, ...later];
}

const aloneText = (alone: NonNullable<RestorePlan['alone']>, atMs: number): string =>
  alone === 'named'
    ? `--point without --at ends where the point ends, at ${isoTime(atMs)}; to go on along the log behind it: --at now`
    : `no log leads on from the point, which ends at ${isoTime(atMs)}`;

/** The same for programs: `log` is null where none is replayed, and `withoutLog` says why. */
export const logJson = ({
  point,
  replay,
  alone,
}: Pick<RestorePlan, 'point' | 'replay' | 'alone'>): Record<string, unknown> =>
  alone !== undefined
    ? { log: null, withoutLog: aloneText(alone, point.atMs) }
    : replay === undefined
      ? {}
      : { log: replayJson(replay) };

const replayJson = ({
  from,
  to,
  upTo,
  timeline,
  bytesExpected,
  ranges,
  reachableMs,
  endings,
  later,
}: Replay): Record<string, unknown> => ({
  from,
  to: upTo,
  timeline,
  bytes: bytesExpected,
  ranges,
  end: to,
  reachable: reachableMs === undefined ? null : isoTime(reachableMs),
  ended: endings.map((one) => one.timeline),
  later: later.map((one) => ({ timeline: one.timeline, reachable: isoTime(one.reachableMs) })),
});
