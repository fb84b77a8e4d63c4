import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isoTime, limits, systemClock } from '../../core/index.ts';
import { checkKinds, runCheck, type CheckResult } from '../index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lifeboat-logs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ask = (settings: Record<string, unknown>, expect_?: string): Promise<CheckResult> =>
  runCheck(
    { kind: 'logs', settings: { of: 'shop', ...settings }, ...(expect_ === undefined ? {} : { expect: expect_ }) },
    checkKinds,
    { clock: systemClock, baseFolder: folder },
  );
const log = (...lines: string[]): { file: string } => {
  writeFileSync(join(folder, 'shop.log'), `${lines.join('\n')}\n`);
  return { file: 'shop.log' };
};
const ago = (ms: number): string => isoTime(systemClock.now() - ms);

describe('logs', () => {
  it('is green while no line fits, and shows the last that does', async () => {
    expect(await ask({ ...log('all is well'), pattern: 'ERROR|panic' })).toMatchObject({ ok: true });
    const red = await ask({ ...log('ERROR one', 'fine', 'ERROR two'), pattern: 'ERROR' });
    expect(red).toMatchObject({ ok: false, observed: '2 of 3 lines fit; the last: ERROR two' });
  });

  it('can ask for a line that must be there', async () => {
    expect(await ask({ ...log('ready to serve'), pattern: 'ready' }, 'count > 0')).toMatchObject({ ok: true });
    expect(await ask({ ...log('starting'), pattern: 'ready' }, 'count > 0')).toMatchObject({ ok: false });
  });

  it('looks only at young lines, and at what belongs to them', async () => {
    const lines = [`${ago(3_600_000)} ERROR old`, '  at old()', `${ago(1_000)} restarted`, '  ERROR inside a trace'];
    expect(await ask({ ...log(...lines), pattern: 'ERROR', since: '5m' })).toMatchObject({
      ok: false,
      observed: '1 of 2 lines of the last 5m fit; the last:   ERROR inside a trace',
    });
    expect(await ask({ ...log(...lines), pattern: 'old', since: '5m' })).toMatchObject({ ok: true });
  });

  it('right after a rotation looks at the end of the file before, and says so when that is compressed', async () => {
    const { file } = log(`${ago(1_000)} all is well`);
    writeFileSync(join(folder, 'shop.log.1'), `${ago(60_000)} ERROR just before\n`);
    writeFileSync(join(folder, 'shop.log.2'), 'not looked at');
    utimesSync(join(folder, 'shop.log.2'), 1, 1);
    expect(await ask({ file, pattern: 'ERROR', since: '5m' })).toMatchObject({
      ok: false,
      observed: expect.stringContaining('ERROR just before'),
    });
    renameSync(join(folder, 'shop.log.1'), join(folder, 'shop.log.1.gz'));
    expect(await ask({ file, pattern: 'ERROR', since: '5m' })).toMatchObject({
      ok: false,
      observed: expect.stringContaining('compressed'),
    });
    utimesSync(join(folder, 'shop.log.1.gz'), 1, 1);
    expect(await ask({ file, pattern: 'ERROR', since: '5m' })).toMatchObject({ ok: true });
  });

  it('reads times as logs write them', async () => {
    const [day = '', time = ''] = ago(1_000).replace('Z', '').split('T');
    for (const shown of [
      `${day} ${time.slice(0, 8)} UTC`,
      `[${day}T${time.slice(0, 8)},123Z]`,
      `${day}T${time.slice(0, 8)}+0000`,
    ])
      expect(await ask({ ...log(`${shown} ERROR`), pattern: 'ERROR', since: '5m' })).toMatchObject({ ok: false });
  });

  it('is red where nobody can tell how old lines are', async () => {
    expect(await ask({ ...log('ERROR without a time'), pattern: 'x', since: '5m' })).toMatchObject({
      ok: false,
      observed: expect.stringContaining('no line bears a time'),
    });
  });

  it('is red when the time that was asked for is more than is read', async () => {
    const line = `${ago(1_000)} ${'x'.repeat(1_000)}`;
    const lines = Array.from({ length: Math.ceil(limits.logBytesMax / line.length) + 10 }, () => line);
    expect(await ask({ ...log(...lines), pattern: 'ERROR', since: '5m' })).toMatchObject({
      ok: false,
      observed: expect.stringContaining('more than what is read'),
    });
  });

  it('reads what a program prints, and is red when that fails', async () => {
    expect(await ask({ run: ['printf', 'a\\nERROR b\\n'], pattern: 'ERROR' })).toMatchObject({ ok: false });
    expect(await ask({ run: ['printf', 'a\\n'], pattern: 'ERROR' })).toMatchObject({ ok: true });
    expect(await ask({ run: ['false'], pattern: 'ERROR' })).toMatchObject({
      ok: false,
      observed: expect.stringContaining('exit code 1'),
    });
  });

  it('is red for a log that is not there, one that nothing names, and a pattern that is none', async () => {
    expect(await ask({ file: 'gone.log', pattern: 'x' })).toMatchObject({ ok: false });
    expect(await ask({ pattern: 'x' })).toMatchObject({
      ok: false,
      observed: expect.stringContaining('nothing says where'),
    });
    expect(await ask({ ...log('a'), pattern: '(' })).toMatchObject({
      ok: false,
      observed: expect.stringContaining('regular'),
    });
  });

  it('ends a pattern that would take for ever', async () => {
    const seen = await ask({ ...log(`${'a'.repeat(60)}c`), pattern: '^(a+)+b' });
    expect(seen).toMatchObject({ ok: false, observed: expect.stringContaining('takes longer') });
  });
});
