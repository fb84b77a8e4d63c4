import type { RecoveryTarget } from '../assets/index.ts';
import { LifeboatError } from '../core/index.ts';

export interface TargetWords {
  readonly at?: string | undefined;
  readonly before?: string | undefined;
  readonly timeline?: string | undefined;
}

/**
 * What `at` and `before` ask for: a moment with its zone, `now`, a position (16/B374D848), the number of a transaction, or the name of a restore
 * point, along the timeline; `name:…`, `xid:…` (or `transaction:…`) and `lsn:…` where a word could be taken for something else. `shown` is how an error names them.
 * Throws `input.flag`.
 */
export function recoveryTargetIn(
  words: TargetWords,
  shown = (name: string): string => name,
): RecoveryTarget | undefined {
  const target = whereTo(words, shown);
  const timeline = timelineOf(words.timeline, shown);
  return timeline === undefined ? target : { kind: 'now', ...target, timeline };
}

/** A moment with its zone, milliseconds since 1970: a time without one means different moments to different people. Throws `input.flag`. */
export function momentIn(text: string, name: string): number {
  const ms = Date.parse(text.trim().replace(' ', 'T'));
  if (/T.*(Z|[+-]\d\d:?\d\d)$/i.test(text.trim().replace(' ', 'T')) && !Number.isNaN(ms)) return ms;
  throw new LifeboatError('input.flag', `${name} "${text}" is not a moment with a time zone`, {
    hint: 'Write 2026-11-21T03:00:00Z or 2026-11-21T04:00:00+01:00.',
  });
}

/** A number from 1 on, `latest` or `current`. */
function timelineOf(text: string | undefined, shown: (name: string) => string): RecoveryTarget['timeline'] {
  if (text === undefined || text === 'latest' || text === 'current') return text;
  const timeline = Number(text);
  // A leading zero is how files of the log are named, in another base: 00000010 is the sixteenth.
  if (/^[1-9]\d*$/.test(text) && timeline < 2 ** 32) return timeline;
  throw new LifeboatError('input.flag', `${shown('timeline')} knows no "${text}"`, {
    hint: 'A number from 1 on, as PostgreSQL counts them, latest (the default) or current (the one of the point).',
  });
}

function whereTo({ at, before }: TargetWords, shown: (name: string) => string): RecoveryTarget | undefined {
  if (at !== undefined && before !== undefined) {
    throw new LifeboatError('input.flag', `${shown('at')} and ${shown('before')} both say up to where`, {
      hint: 'Give one of them.',
    });
  }
  if (at !== undefined) return targetOf(shown('at'), at.trim());
  if (before === undefined) return undefined;
  if (before.trim() === 'now') throw new LifeboatError('input.flag', `${shown('before')} now means nothing`);
  return { ...targetOf(shown('before'), before.trim()), exclusive: true };
}

const kinds = { name: 'name', transaction: 'transaction', xid: 'transaction', lsn: 'position' } as const;

function targetOf(name: string, text: string): RecoveryTarget {
  if (text === 'now') return { kind: 'now' };
  const [, word, rest] = /^(name|transaction|xid|lsn):(.+)$/.exec(text) ?? [];
  if (word !== undefined && rest !== undefined) return { kind: kinds[word as keyof typeof kinds], text: rest.trim() };
  if (/^[0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8}$/.test(text)) return { kind: 'position', text };
  if (/^\d+$/.test(text)) return { kind: 'transaction', text };
  // What begins like a date and has no zone is a mistake, and no name.
  if (/^\d/.test(text) || text === '') return { kind: 'time', atMs: momentIn(text, name) };
  return { kind: 'name', text };
}
