import type { RecoveryTarget } from '../assets/index.ts';
import { LifeboatError, shellWord } from '../core/index.ts';

export interface TargetWords {
  readonly at?: string | undefined;
  readonly before?: string | undefined;
  readonly timeline?: string | undefined;
}

/**
 * What `at` and `before` ask for: a moment with its zone, `now`, a position (16/B374D848), the number of a transaction, or `name:…` for a restore
 * point, along the timeline; `xid:…` (or `transaction:…`) and `lsn:…` say which of them is meant. `shown` is how an error names them.
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
const shapes = { name: /./, transaction: /^\d+$/, position: /^[0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8}$/ } as const;

function targetOf(name: string, text: string): RecoveryTarget {
  if (text === 'now') return { kind: 'now' };
  const [, word, rest = ''] = /^(name|transaction|xid|lsn):(.+)$/.exec(text) ?? [];
  const said = word === undefined ? text : rest.trim();
  const kind = word === undefined ? kindOf(text) : kinds[word as keyof typeof kinds];
  if (kind !== undefined && shapes[kind].test(said)) return { kind, text: said };
  // What begins like a date lacks its zone, or is written in another way.
  if (word === undefined && /^\d/.test(text)) return { kind: 'time', atMs: momentIn(text, name) };
  const called = shellWord(`name:${word === undefined && text !== '' ? text : 'before the upgrade'}`);
  throw new LifeboatError('input.flag', `${name} "${text}" is no moment, position, transaction or name`, {
    hint: `A moment with its zone: 2026-11-21T03:00:00Z. A position: 16/B374D848. A transaction: 728. A restore point by its name: ${called}. All that is there: now.`,
  });
}

/** A name is never guessed: a word that was meant as a moment would be looked for in all of the log. */
const kindOf = (text: string): 'position' | 'transaction' | undefined =>
  (['position', 'transaction'] as const).find((kind) => shapes[kind].test(text));
