import { describe, expect, it } from 'vitest';
import { ManualClock } from '../core/index.ts';
import { createTerminalProgress } from './terminal-progress.ts';

function screen(isTTY: boolean, columns = 80) {
  const clock = new ManualClock();
  const written: string[] = [];
  const progress = createTerminalProgress({ isTTY, columns, write: (text) => written.push(text) }, clock);
  return { clock, written, progress };
}

describe('progress without a terminal', () => {
  it('writes a line at each phase and then one each few seconds at most', async () => {
    const { clock, written, progress } = screen(false);
    progress.phase('reading orders', { bytes: 100_000_000 });
    for (let second = 0; second < 10; second += 1) {
      await clock.advance(1000);
      progress.advance({ bytes: 5_000_000 });
    }
    expect(written).toEqual([
      'reading orders: 0 B of 100 MB (0 %)\n',
      'reading orders: 25 MB of 100 MB (25 %), 5.0 MB/s, 15 s left\n',
      'reading orders: 50 MB of 100 MB (50 %), 5.0 MB/s, 10 s left\n',
    ]);
  });

  it('claims no total any more when more came than was reckoned with: a source grew, or was only estimated', async () => {
    const { clock, written, progress } = screen(false);
    progress.phase('backing up', { bytes: 80_000_000 });
    for (const bytes of [60_000_000, 37_000_000]) {
      await clock.advance(10_000);
      progress.advance({ bytes });
    }
    progress.phase('restoring', { items: 2 });
    await clock.advance(10_000);
    progress.advance({ items: 3 });
    expect(written.filter((line) => !/: 0 /.test(line))).toEqual([
      'backing up: 60 MB of 80 MB (75 %), 6.0 MB/s, 3.3 s left\n',
      'backing up: 97 MB, 4.8 MB/s\n',
      'restoring: 3\n',
    ]);
  });

  it('counts items when there are no bytes, and claims no end it does not know', async () => {
    const { clock, written, progress } = screen(false);
    progress.phase('looking');
    await clock.advance(6000);
    progress.advance({ items: 3 });
    expect(written).toEqual(['looking\n', 'looking: 3\n']);
  });
});

describe('progress on a terminal', () => {
  it('paints one line over itself, not more often than the eye needs', async () => {
    const { clock, written, progress } = screen(true);
    progress.phase('restoring', { bytes: 1000 });
    for (let i = 0; i < 100; i += 1) {
      await clock.advance(10);
      progress.advance({ bytes: 10 });
    }
    expect(written.length).toBe(11);
    expect(written.every((text) => text.startsWith('\r\u001B[K') && !text.includes('\n'))).toBe(true);
    expect(written.at(-1)).toContain('(100 %)');
  });

  it('never fills more than the line, however narrow or however much a source grew', async () => {
    const { clock, written, progress } = screen(true, 30);
    progress.phase('a phase with quite a long name', { bytes: 10 });
    await clock.advance(1000);
    progress.advance({ bytes: 500 });
    for (const text of written) expect(text.replace('\r\u001B[K', '').length).toBeLessThan(30);
  });

  it('makes room for a note', () => {
    const { written, progress } = screen(true);
    progress.phase('restoring', { bytes: 10 });
    progress.note('a file changed');
    expect(written.slice(-2)).toEqual(['\r\u001B[K', 'a file changed\n']);
  });
});
