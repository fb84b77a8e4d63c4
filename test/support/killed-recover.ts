/**
 * `lifeboat recover SCENARIO` in the folder where it is started, whose process is killed at one of its records:
 * node killed-recover.ts SCENARIO CALL before|after        the CALL-th record
 * node killed-recover.ts SCENARIO KIND:STEP before|after   the first record of that kind of that step
 */
import { flushCompileCache } from 'node:module';
import { openWorkspace, recover } from '../../src/app/index.ts';
import { silentProgress } from '../../src/core/index.ts';
import { deadlyRecords, type DeadlyRecord } from './deadly-records.ts';

// What is killed leaves no cache behind by itself, and the next one would compile a thousand files anew.
flushCompileCache();
const [scenario = '', which = '', when = ''] = process.argv.slice(2);
const deadly = { which, when: when as DeadlyRecord['when'] };
const workspace = await openWorkspace({
  planFile: 'lifeboat.yaml',
  stateFolder: '.lifeboat',
  progress: silentProgress,
});
const run = await recover({ ...workspace, journal: deadlyRecords(workspace.journal, () => deadly) }, { scenario });
await workspace.close();
process.exitCode = run.verdict === 'done' ? 0 : 1;
