// A vitest reporter that leaves counts, and skipped tests with their reasons, in the file LIFEBOAT_TEST_SUMMARY names.
import { writeFileSync } from 'node:fs';

export default class SummaryReporter {
  onTestRunEnd(files, unhandledErrors) {
    const tests = files.flatMap((file) => [...file.children.allTests()]);
    const inState = (state) => tests.filter((test) => test.result().state === state);
    const unloaded = files.filter((file) => file.errors().length > 0);
    const summary = {
      passed: inState('passed').length,
      failed: inState('failed').length + unloaded.length,
      skipped: inState('skipped').map((test) => ({
        name: test.fullName,
        reason: test.result().note ?? 'no reason given',
      })),
      errors: [
        ...unloaded.map((file) => `${file.relativeModuleId}: ${file.errors()[0].message}`),
        ...unhandledErrors.map((error) => error.message),
      ],
    };
    writeFileSync(process.env.LIFEBOAT_TEST_SUMMARY, JSON.stringify(summary));
  }
}
