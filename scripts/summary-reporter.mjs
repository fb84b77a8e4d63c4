// A vitest reporter that names a failure when it happens, says every now and then how far the run is, and leaves counts,
// failures, the slowest files, and skipped tests with their reasons, in the file LIFEBOAT_TEST_SUMMARY names.
import { writeFileSync } from 'node:fs';

const slowestShown = 10;
const filesPerLine = 25;
const reasonShown = 300;

export default class SummaryReporter {
  #startedMs = performance.now();
  #files = { all: 0, ended: 0 };
  #failures = [];

  onTestRunStart(files) {
    this.#startedMs = performance.now();
    this.#files.all = files.length;
  }

  onTestCaseResult(test) {
    if (test.result().state !== 'failed') return;
    const why = (test.result().errors?.[0]?.message ?? '').replaceAll(/\s+/g, ' ').slice(0, reasonShown);
    const failure = `${test.module.relativeModuleId} > ${test.fullName}: ${why}`;
    this.#failures.push(failure);
    process.stdout.write(`\nFAIL ${failure}\n`);
  }

  onTestModuleEnd() {
    this.#files.ended += 1;
    if (this.#files.ended % filesPerLine !== 0) return;
    const minutes = ((performance.now() - this.#startedMs) / 60_000).toFixed(1);
    process.stdout.write(
      `${this.#files.ended} of ${this.#files.all} files, ${this.#failures.length} failures, ${minutes} min\n`,
    );
  }

  onTestRunEnd(files, unhandledErrors) {
    const tests = files.flatMap((file) => [...file.children.allTests()]);
    const inState = (state) => tests.filter((test) => test.result().state === state);
    const unloaded = files.filter((file) => file.errors().length > 0);
    const summary = {
      passed: inState('passed').length,
      failed: inState('failed').length + unloaded.length,
      failures: this.#failures,
      skipped: inState('skipped').map((test) => ({
        name: test.fullName,
        reason: test.result().note ?? reasonIn(test.fullName) ?? 'no reason given',
      })),
      slowest: files
        .map((file) => ({ file: file.relativeModuleId, seconds: Math.round(file.diagnostic().duration / 1000) }))
        .toSorted((a, b) => b.seconds - a.seconds)
        .slice(0, slowestShown),
      errors: [
        ...unloaded.map((file) => `${file.relativeModuleId}: ${file.errors()[0].message}`),
        ...unhandledErrors.map((error) => error.message),
      ],
    };
    writeFileSync(process.env.LIFEBOAT_TEST_SUMMARY, JSON.stringify(summary));
  }
}

/**
 * A test that is skipped by a condition shows in its title what the condition found, or in the title around it: in brackets, mostly with a word
 * for it, or behind a colon.
 */
export function reasonIn(name) {
  const told = /\(skipped(?: with a reason)?: ([^()]+)\)/.exec(name)?.[1];
  return told ?? /.*\(([^()]+)\)/s.exec(name)?.[1] ?? /: ([^:]*?)(?: > |$)/.exec(name)?.[1];
}
