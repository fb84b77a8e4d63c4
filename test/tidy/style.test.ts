import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../src/core/index.ts';
import { codeOf, home, productFiles, sources } from './sources.ts';

const product = sources.filter(({ isTest }) => !isTest);

/** Source files that are longer than a file should be, with the length they may not exceed. The list can only shrink. */
const longFiles: Readonly<Record<string, number>> = {};
const linesMax = 300;

/** `path:line` of every match in the code (not the comments) of the files. */
function linesWith(pattern: RegExp, files: readonly { path: string; text: string }[]): string[] {
  return files.flatMap(({ path, text }) =>
    withoutComments(text)
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])),
  );
}

/** Comments become empty lines, so that the numbers stay right. */
const withoutComments = (text: string): string =>
  codeOf(text.replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, '')));

describe('source files', () => {
  it(`are at most ${linesMax} lines long, but for a list that only shrinks`, () => {
    const lengths = product.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }));
    const tooLong = lengths.filter(({ path, lines }) => lines > (longFiles[path] ?? linesMax));
    expect(tooLong).toEqual([]);
    const stale = Object.keys(longFiles).filter(
      (path) => !lengths.some((file) => file.path === path && file.lines > linesMax),
    );
    expect(stale).toEqual([]);
  });

  it('take the time from core/clock and sleep nowhere else', () => {
    const clocksOfOurs = ['src/core/clock.ts', 'src/web/ui/data/clock.ts'];
    const others = product.filter(({ path }) => !clocksOfOurs.includes(path));
    const clocks =
      /Date\.now\b|new Date\(\)|performance\.now\b|\bset(Timeout|Interval)\b|(?<!setImmediate \} from ')(?<=')node:timers\/promises|process\.hrtime/;
    expect(linesWith(clocks, others)).toEqual([]);
  });

  it('write to the terminal only in the command line', () => {
    const others = product.filter(({ room }) => room !== 'cli');
    expect(linesWith(/\bconsole\.|process\.std(out|err)\b/, others)).toEqual([]);
    expect(linesWith(/\bconsole\./, product)).toEqual([]);
  });

  it('end the process nowhere but at its start', () => {
    expect(linesWith(/\bprocess\.exit\b/, product)).toEqual([]);
  });

  it('use no TypeScript that cannot simply be taken away', () => {
    expect(linesWith(/^\s*(export\s+)?(const\s+)?enum\s|^\s*(export\s+)?namespace\s/, sources)).toEqual([]);
  });

  it('leave nothing for later in a comment', () => {
    expect(matchesOf(/\b(TODO|FIXME|XXX|HACK)\b/, productFiles())).toEqual([]);
  });
});

describe('error codes', () => {
  const register = 'src/core/error-codes.ts';
  const code = product.filter(({ path }) => path !== register).map(({ text }) => codeOf(text));
  const used = (name: string): boolean => code.some((text) => text.includes(`'${name}'`));

  it('that are registered are used', () => {
    expect(Object.keys(errorCodes).filter((name) => !used(name))).toEqual([]);
  });

  it('are all explained in docs/ERRORS.md, which is made from the register', () => {
    const result = spawnSync(process.execPath, ['scripts/errors-doc.mjs', '--check'], { cwd: home, encoding: 'utf8' });
    expect(result).toMatchObject({ status: 0, stderr: '' });
  });

  it('that are thrown by the command line never end with an exit code outside the table', () => {
    expect(new Set(Object.values(errorCodes).map(({ exit }) => exit)).isSubsetOf(new Set([1, 2, 3, 4, 70]))).toBe(true);
  });
});

describe('tests', () => {
  const tests = productFiles().filter(({ path }) => path.endsWith('.test.ts') && !path.startsWith('test/tidy/'));

  it('are never narrowed to one', () => {
    expect(linesWith(/\b(it|test|describe)\.only\b/, tests)).toEqual([]);
  });

  it('that are skipped give a reason', () => {
    // `skip('reason')` inside a test says why; `it.skip('title', …)` and `skip()` do not.
    const silent =
      /\b(it|test|describe)\.(skip|todo)(\.\w+)?\((?!\s*(['"`]).*\4\s*\))|\b(it|describe)\.(skip|todo)\b|\bskip\(\s*\)/;
    expect(linesWith(silent, tests)).toEqual([]);
    // The title, on the line below, shows the reason that the condition found.
    const reasonless = tests.filter(({ text }) => /\.(skipIf|runIf)\((?![^`'"]*`[^`]*\$\{)/.test(text));
    expect(reasonless.map(({ path }) => path)).toEqual([]);
  });
});

describe('committed files', () => {
  it('name no host of a package registry and no path of one machine', () => {
    const named = /registry\.npmjs|registry\.yarnpkg|deb\.debian\.org|npmjs\.com|\/(home|Users)\/[a-z]|\/work\//;
    const files = productFiles().filter(({ path }) => !path.startsWith('test/tidy/'));
    expect(matchesOf(named, files)).toEqual([]);
  });
});

function matchesOf(pattern: RegExp, files: readonly { path: string; text: string }[]): string[] {
  return files
    .filter(({ path }) => !path.startsWith('test/tidy/'))
    .flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])),
    );
}
