import { describe, expect, it } from 'vitest';
import type { Input } from '../../input.ts';
import { recoveryTargetOf } from './recovery-target.ts';
import { targetText } from './restore-words.ts';

const of = (options: Record<string, string>) =>
  recoveryTargetOf({ text: (name: string) => options[name] } as unknown as Input);

describe('--at and --before', () => {
  it.each([
    ['now', { kind: 'now' }, 'the end of the log'],
    [
      '2026-11-21T22:05:50.972+01:00',
      { kind: 'time', atMs: 1_795_295_150_972 },
      'up to and with 2026-11-21T21:05:50.972Z',
    ],
    ['16/B374D848', { kind: 'position', text: '16/B374D848' }, 'up to and with the position 16/B374D848'],
    ['lsn:0/22000178', { kind: 'position', text: '0/22000178' }, 'up to and with the position 0/22000178'],
    ['728', { kind: 'transaction', text: '728' }, 'up to and with the transaction 728'],
    ['xid:728', { kind: 'transaction', text: '728' }, 'up to and with the transaction 728'],
    ['transaction:728', { kind: 'transaction', text: '728' }, 'up to and with the transaction 728'],
    [
      'name:before the upgrade',
      { kind: 'name', text: 'before the upgrade' },
      'up to and with the restore point "before the upgrade"',
    ],
    ['name:728', { kind: 'name', text: '728' }, 'up to and with the restore point "728"'],
  ])('%s', (text, target, words) => {
    expect(of({ at: text })).toEqual(target);
    expect(targetText(of({ at: text }))).toBe(words);
    if (text === 'now') return;
    expect(of({ before: text })).toEqual({ ...target, exclusive: true });
    expect(targetText(of({ before: text }))).toBe(words.replace('up to and with', 'just before'));
  });

  it.each([
    ['latest', 'latest'],
    ['current', 'current'],
    ['2', 2],
  ])('--timeline %s', (text, timeline) => {
    expect(of({ timeline: text })).toEqual({ kind: 'now', timeline });
    expect(of({ before: '728', timeline: text })).toEqual({
      kind: 'transaction',
      text: '728',
      exclusive: true,
      timeline,
    });
  });

  it.each(['0', '-1', '1.5', '00000002', 'newest', ''])('--timeline "%s" is refused with what it may be', (text) => {
    expect(() => of({ timeline: text })).toThrow(/--timeline/);
  });

  it.each(['gestern', 'before the upgrade', 'name:', 'lsn:here', 'xid:0/1', 'FF/', '', '  '])(
    '"%s" is no target: it is not taken for the name of a restore point, and what may be asked for is said',
    (text) => {
      for (const words of [{ at: text }, { before: text }] as Record<string, string>[])
        expect(() => of(words)).toThrow(
          expect.objectContaining({
            code: 'input.flag',
            message: expect.stringContaining('is no moment, position, transaction or name') as string,
            hint: expect.stringMatching(/2026-11-21T03:00:00Z.*16\/B374D848.*728.*'?name:/) as string,
          }) as Error,
        );
    },
  );

  it('the hint of what could be a name says how it is written, to be pasted', () => {
    expect(() => of({ at: 'before the upgrade' })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("'name:before the upgrade'") as string }) as Error,
    );
  });

  it('trap "time zone explicit": what has no zone, or says it twice, is refused', () => {
    expect(() => of({ at: '2026-11-21T03:00:00' })).toThrow(/time zone/);
    expect(() => of({ at: '728', before: '729' })).toThrow(/both/);
    expect(() => of({ before: 'now' })).toThrow(/means nothing/);
  });
});
