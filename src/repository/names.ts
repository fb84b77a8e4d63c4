import type { LogClock, LogEnding, LogRange } from '../assets/index.ts';
import { isTimeId } from '../core/index.ts';

/** Names of every object of a repository in its store, and back. */
export const headerName = 'repository';
export const copyOf = (name: string): string => `${name}.copy`;
export const keyName = (id: string): string => `keys/${id}`;
export const packName = (id: string): string => `packs/${id.slice(0, 2)}/${id}`;
export const indexName = (id: string): string => `index/${id}`;
export const pointName = (id: string): string => `points/${id}`;
export const canaryName = (epoch: number): string => `canary/${epoch.toString(16).padStart(8, '0')}`;
export const sessionName = (id: string): string => `sessions/${id}`;
export const condemnedName = (id: string): string => `condemned/${id}`;
export const coolingName = (id: string): string => `cooling/${id}`;
export const awaitedName = (id: string): string => `awaited/${id}`;
export const holdName = (id: string): string => `holds/${id}`;

export const logFolder = (log: string): string => `logs/${log}/`;
export const logPieceName = (log: string, { timeline, start, end }: LogRange): string =>
  `${logFolder(log)}${hex(timeline, 8)}/${hex(start, 16)}-${hex(end, 16)}`;
/** A piece that still grows; how far it goes stands in it. */
export const logGrowingName = (log: string, timeline: number, start: bigint, salt: Buffer): string =>
  `${logFolder(log)}${hex(timeline, 8)}/${hex(start, 16)}.${salt.toString('hex')}`;
export const logHistoryName = (log: string, timeline: number): string => `${logFolder(log)}${hex(timeline, 8)}.history`;

export const logClockName = (log: string, { timeline, position, atMs }: LogClock): string =>
  `${logFolder(log)}${hex(timeline, 8)}/${hex(position, 16)}.${hex(atMs, 16)}`;

export const logEndingName = (log: string, { timeline, position }: LogEnding): string =>
  `${logFolder(log)}${hex(timeline, 8)}/${hex(position, 16)}.ended`;

const hex = (value: number | bigint, digits: number): string => value.toString(16).padStart(digits, '0');

export const journalName = (chain: string, from: number, to: number): string => `journal/${chain}/${from}-${to}`;

/** The records that a piece of a shipped journal holds, by its name; `undefined` for any name that no host gives. */
export function journalRangeOf(name: string): { from: number; to: number } | undefined {
  const [, chain, from, to] = /^journal\/([0-9a-z]{26})\/([1-9]\d{0,15})-([1-9]\d{0,15})$/.exec(name) ?? [];
  const range = { from: Number(from), to: Number(to) };
  return chain !== undefined && isTimeId(chain) && range.from <= range.to ? range : undefined;
}

export interface NamedLogObject {
  readonly log: string;
  readonly timeline: number;
  /** Without one, without a clock or an ending, and not growing, it is the history of the timeline. */
  readonly range?: LogRange;
  readonly clock?: LogClock;
  readonly ending?: LogEnding;
  /** A piece that grows, from `start` on; `salt` in hex. */
  readonly growing?: { readonly start: bigint; readonly salt: string };
}

/** An object of a log by its name; `undefined` for any name that no writer gives. */
export function logObjectOfName(name: string): NamedLogObject | undefined {
  const [, log, digits, start, by, end] =
    /^logs\/([0-9a-f]{32})\/([0-9a-f]{8})(?:\.history|\/([0-9a-f]{16})([-.])([0-9a-f]{16}|(?<=\.)(?:[0-9a-f]{32}|ended)))$/.exec(
      name,
    ) ?? [];
  if (log === undefined || digits === undefined) return undefined;
  const timeline = Number.parseInt(digits, 16);
  if (timeline === 0) return undefined;
  if (start === undefined || end === undefined) return { log, timeline };
  if (end === 'ended') return { log, timeline, ending: { timeline, position: BigInt(`0x${start}`) } };
  if (end.length === 32) return { log, timeline, growing: { start: BigInt(`0x${start}`), salt: end } };
  if (by === '.') {
    const clock = { timeline, position: BigInt(`0x${start}`), atMs: Number.parseInt(end, 16) };
    return Number.isSafeInteger(clock.atMs) ? { log, timeline, clock } : undefined;
  }
  const range = { timeline, start: BigInt(`0x${start}`), end: BigInt(`0x${end}`) };
  return range.start < range.end ? { log, timeline, range } : undefined;
}

export interface NamedObject {
  readonly kind:
    | 'header'
    | 'key'
    | 'pack'
    | 'index'
    | 'point'
    | 'session'
    | 'condemned'
    | 'awaited'
    | 'cooling'
    | 'canary'
    | 'log'
    | 'hold'
    | 'lease'
    | 'journal'
    | 'foreign';
  /** What follows the folder, without `.copy`; '' for the header and for what is foreign. */
  readonly id: string;
  readonly copy: boolean;
}

/** What an object is, by its name alone. A name that no writer gives is `foreign`. */
export function objectOfName(name: string): NamedObject {
  const copy = name.endsWith('.copy');
  const base = copy ? name.slice(0, -'.copy'.length) : name;
  if (base === headerName) return { kind: 'header', id: '', copy };
  const [folder, first, second, ...rest] = base.split('/');
  const foreign: NamedObject = { kind: 'foreign', id: '', copy: false };
  if (folder === 'logs') {
    return logObjectOfName(name) === undefined ? foreign : { kind: 'log', id: name.slice('logs/'.length), copy: false };
  }
  if (first === undefined || rest.length > 0) return foreign;
  if (folder === 'packs' && second !== undefined && !copy) {
    return isHexId(second) && second.startsWith(first) && first.length === 2
      ? { kind: 'pack', id: second, copy: false }
      : foreign;
  }
  if (folder === 'journal' && journalRangeOf(name) !== undefined)
    return { kind: 'journal', id: name.slice('journal/'.length), copy: false };
  if (second !== undefined) return foreign;
  if (folder === 'keys' && isTimeId(first)) return { kind: 'key', id: first, copy };
  if (copy) return foreign;
  if (folder === 'index' && isHexId(first)) return { kind: 'index', id: first, copy };
  if (folder === 'points' && isTimeId(first)) return { kind: 'point', id: first, copy };
  if (folder === 'sessions' && isTimeId(first)) return { kind: 'session', id: first, copy };
  if (folder === 'condemned' && isTimeId(first)) return { kind: 'condemned', id: first, copy };
  if (folder === 'cooling' && isTimeId(first)) return { kind: 'cooling', id: first, copy };
  if (folder === 'awaited' && isTimeId(first)) return { kind: 'awaited', id: first, copy };
  if (folder === 'holds' && isTimeId(first)) return { kind: 'hold', id: first, copy };
  if (folder === 'leases' && /^[0-9a-f]{32}\.\d{10}$/.test(first)) return { kind: 'lease', id: first, copy };
  if (folder === 'canary' && /^[0-9a-f]{8}$/.test(first)) return { kind: 'canary', id: first, copy };
  return foreign;
}

const isHexId = (text: string): boolean => /^[0-9a-f]{32}$/.test(text);
