import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { home } from './sources.ts';

describe('docs/COVERAGE.md', () => {
  it('is what the plans and the registry say', () => {
    const result = spawnSync(process.execPath, ['scripts/coverage.mjs', '--check'], { cwd: home, encoding: 'utf8' });
    expect(result).toMatchObject({ status: 0, stderr: '' });
  }, 300_000);

  it('has a line for each of the 321 things, and claims no proof that no run has given', () => {
    const text = readFileSync(join(home, 'docs/COVERAGE.md'), 'utf8');
    const lines = text.split('\n').filter((line) => /^\| S\d-\d\d \|/.test(line));
    expect(lines.length).toBe(321);
    expect(lines.filter((line) => line.endsWith(' | proven |'))).toEqual([]);
    expect(lines.every((line) => / \| (expressed|checked|executable today) \|$/.test(line))).toBe(true);
  });
});
