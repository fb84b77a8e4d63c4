import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../core/index.ts';
import { whyNoMount } from '../../testing/mounting.ts';
import { skippedFor } from '../../testing/skipped.ts';
import { PathTable } from './path-table.ts';

/** Three times what memory holds of them. */
const many = 60_000;
const value = (i: number): Buffer => Buffer.alloc(800, `${i} `);
const pathOf = (i: number): string => `folder ${i % 7}/file ${i}`;

describe('a table by path', () => {
  it('gives back what was put last, however much there is, and tells names apart that are no text', () => {
    const table = new PathTable();
    expect(table.get('a')).toBeUndefined();
    for (const name of ['caf\udce9', 'caf\udcea', 'café', '']) table.put(name, Buffer.from(`of ${name}`));
    table.put('café', Buffer.from('of another'));
    for (let i = 0; i < many; i += 1) table.put(pathOf(i), value(i));
    for (let i = 0; i < many; i += 997) expect(table.get(pathOf(i))?.equals(value(i))).toBe(true);
    expect(['caf\udce9', 'caf\udcea', 'café', 'cafe'].map((name) => table.get(name)?.toString())).toEqual([
      'of caf\ufffd',
      'of caf\ufffd',
      'of another',
      undefined,
    ]);
    table.close();
    expect(table.get('café')).toBeUndefined();
  });

  it('takes no more memory than it is given', () => {
    const table = new PathTable();
    const before = residentBytes();
    for (let i = 0; i < many; i += 1) table.put(pathOf(i), value(i));
    // Beside its own pages there is what the garbage collector has not taken back yet.
    expect((residentBytes() - before) / 2 ** 20).toBeLessThan(limits.pathTableCacheBytes / 2 ** 20 + 16);
    table.close();
  });
});

describe.skipIf(whyNoMount !== undefined)(`a table by path on a disk that is full${skippedFor(whyNoMount)}`, () => {
  let place: string;
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'lifeboat-table-'));
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', place]);
  });
  afterEach(() => {
    spawnSync('umount', [place]);
    rmSync(place, { recursive: true });
  });

  /** SQLite asks for its folder once a process. */
  const put = (rows: number): string => {
    const program = `
      const { PathTable } = await import(${JSON.stringify(new URL('path-table.ts', import.meta.url).href)});
      const table = new PathTable();
      try {
        for (let i = 0; i < ${rows}; i += 1) table.put('file ' + i, Buffer.alloc(800));
        console.log('done');
      } catch (error) {
        console.log(error.code, error.hint);
      }
    `;
    const words = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', program];
    return spawnSync(process.execPath, words, { env: { TMPDIR: place }, encoding: 'utf8' }).stdout;
  };

  it('says so, and needs none for what memory holds', () => {
    expect(put(1_000)).toBe('done\n');
    expect(put(many)).toMatch(/^disk\.full .*TMPDIR/);
    expect(put(many)).toContain(`Make room in ${place}, or`);
  });
});

const residentBytes = (): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]) * 1024;
