// Everything that must hold before a change is good: types, lint, format, tests. `--long` runs the long sweeps instead;
// other words are handed to vitest (`npm test -- src/cli`). Ends with `N passed, N failed, N skipped` alone on a line,
// in which types, lint and format count as one test each.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const home = dirname(dirname(fileURLToPath(import.meta.url)));
const programs = join(home, 'node_modules', '.bin');
const node = existsSync(join(programs, 'node')) ? join(programs, 'node') : process.execPath;
const words = process.argv.slice(2);
const long = words.includes('--long');
const filters = words.filter((word) => word !== '--long');
const environment = {
  ...process.env,
  PATH: `${programs}${delimiter}${process.env.PATH ?? ''}`,
  ...(long ? { LIFEBOAT_TEST_LONG: '1' } : {}),
};

const checks =
  long || filters.length > 0
    ? []
    : [
        ['types', 'tsc', '--noEmit'],
        ['types of the web', 'tsc', '--noEmit', '-p', 'src/web/ui'],
        ['lint', 'oxlint', '--deny-warnings'],
        ['format', 'oxfmt', '--check', '.'],
      ];
const outcomes = checks.map(([name, program, ...rest]) => ({ name, passed: check(name, program, rest) }));
const tests = runTests();
report();

function check(name, program, rest) {
  const result = spawnSync(node, [join(programs, program), ...rest], { cwd: home, encoding: 'utf8', env: environment });
  const passed = result.status === 0;
  print(`${passed ? 'ok  ' : 'FAIL'} ${name}`);
  if (!passed) print(`${result.stdout}${result.stderr}${result.error?.message ?? ''}`.trimEnd());
  return passed;
}

/**
 * Vitest prints the failures; the counts and the reasons of skips come from our own reporter, through a file. Where nobody watches, nothing is
 * printed for a test that passed: a log of which only parts are kept must still show what failed.
 */
function runTests() {
  const file = join(home, '.cache', `test-summary-${process.pid}.json`);
  mkdirSync(dirname(file), { recursive: true });
  const reporter = join(home, 'scripts', 'summary-reporter.mjs');
  const shown = process.stdout.isTTY ? ['--reporter=dot'] : ['--reporter=minimal', '--silent=false', '--no-color'];
  const result = spawnSync(node, [join(programs, 'vitest'), 'run', ...shown, `--reporter=${reporter}`, ...filters], {
    cwd: home,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...environment, LIFEBOAT_TEST_SUMMARY: file },
  });
  try {
    return { ...JSON.parse(readFileSync(file, 'utf8')), ended: result.status };
  } catch {
    // The runner died before it could count anything: that is a failure, whatever it printed.
    return {
      passed: 0,
      failed: 1,
      skipped: [],
      errors: ['the test runner ended without a result'],
      ended: result.status,
    };
  } finally {
    rmSync(file, { force: true });
  }
}

function report() {
  const slowest = (tests.slowest ?? []).filter(({ seconds }) => seconds > 0);
  if (slowest.length > 1) print(`slowest: ${slowest.map(({ file, seconds }) => `${file} ${seconds} s`).join(', ')}`);
  for (const { name, reason } of tests.skipped) print(`skipped: ${name}: ${reason}`);
  for (const error of tests.errors) print(`error: ${error}`);
  const broken = outcomes.filter(({ passed }) => !passed);
  for (const failure of tests.failures ?? []) print(`failed: ${failure}`);
  for (const { name } of broken) print(`failed: ${name}`);
  const passed = tests.passed + outcomes.length - broken.length;
  // A run that ended badly although no test failed (an unhandled rejection, a file that does not load) counts as one.
  const unexplained = tests.ended !== 0 && tests.failed === 0 ? 1 : 0;
  const failed = tests.failed + broken.length + unexplained;
  print(`${passed} passed, ${failed} failed, ${tests.skipped.length} skipped`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

function print(text) {
  process.stdout.write(`${text}\n`);
}
