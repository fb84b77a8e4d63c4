import type { RecoveryTarget } from '../../../assets/index.ts';
import { LifeboatError } from '../../../core/index.ts';
import type { Input } from '../../input.ts';
import { momentOf } from '../../moment.ts';

/**
 * What `--at` and `--before` ask for: a moment with its zone, `now`, a position (16/B374D848), the number of a transaction, or the
 * name of a restore point, along the timeline of `--timeline`; `name:…` and `transaction:…` where a word could be taken for something else. Throws `input.flag`.
 */
export function recoveryTargetOf(input: Input): RecoveryTarget | undefined {
  const target = whereTo(input);
  const timeline = timelineOf(input);
  return timeline === undefined ? target : { kind: 'now', ...target, timeline };
}

/** `--timeline`: a number from 1 on, `latest` or `current`. */
function timelineOf(input: Input): RecoveryTarget['timeline'] {
  const text = input.text('timeline');
  if (text === undefined || text === 'latest' || text === 'current') return text;
  const timeline = Number(text);
  if (/^\d+$/.test(text) && timeline >= 1 && timeline < 2 ** 32) return timeline;
  throw new LifeboatError('input.flag', `--timeline knows no "${text}"`, {
    hint: 'A number from 1 on, as PostgreSQL counts them, latest (the default) or current (the one of the point).',
  });
}

function whereTo(input: Input): RecoveryTarget | undefined {
  const [at, before] = [input.text('at'), input.text('before')];
  if (at !== undefined && before !== undefined) {
    throw new LifeboatError('input.flag', '--at and --before both say up to where', { hint: 'Give one of them.' });
  }
  if (at !== undefined) return targetOf(input, 'at', at.trim());
  if (before === undefined) return undefined;
  if (before.trim() === 'now') throw new LifeboatError('input.flag', '--before now means nothing');
  return { ...targetOf(input, 'before', before.trim()), exclusive: true };
}

function targetOf(input: Input, option: string, text: string): RecoveryTarget {
  if (text === 'now') return { kind: 'now' };
  const [, word, rest] = /^(name|transaction):(.+)$/.exec(text) ?? [];
  if (word !== undefined && rest !== undefined) return { kind: word as 'name' | 'transaction', text: rest };
  if (/^[0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8}$/.test(text)) return { kind: 'position', text };
  if (/^\d+$/.test(text)) return { kind: 'transaction', text };
  // What begins like a date and has no zone is a mistake, and no name.
  if (/^\d/.test(text) || text === '') return { kind: 'time', atMs: momentOf(input, option) as number };
  return { kind: 'name', text };
}
