/**
 * `lifeboat recover SCENARIO` in the folder where it is started, whose process is killed at one of its records:
 * node killed-recover.ts SCENARIO CALL before|after        the CALL-th record
 * node killed-recover.ts SCENARIO KIND:STEP before|after   the first record of that kind of that step
 */
import { openWorkspace, recover } from '../../src/app/index.ts';
import { silentProgress } from '../../src/core/index.ts';
import type { Journal } from '../../src/journal/index.ts';

const [scenario = '', which = '', moment = ''] = process.argv.slice(2);
const workspace = await openWorkspace({
  planFile: 'lifeboat.yaml',
  stateFolder: '.lifeboat',
  progress: silentProgress,
});
let calls = 0;
const isIt = (kind: string, data: Record<string, unknown>): boolean =>
  which.includes(':') ? `${kind}:${String(data['step'])}` === which : (calls += 1) === Number(which);
const journal: Journal = {
  append: (kind, data, of) => {
    const deadly = isIt(kind, data);
    if (deadly && moment === 'before') process.kill(process.pid, 'SIGKILL');
    const record = workspace.journal.append(kind, data, of);
    if (deadly) process.kill(process.pid, 'SIGKILL');
    return record;
  },
  records: (filter) => workspace.journal.records(filter),
  rows: (after, most) => workspace.journal.rows(after, most),
  remember: (chain, rows) => workspace.journal.remember(chain, rows),
  verify: (known) => workspace.journal.verify(known),
  close: () => workspace.journal.close(),
};
const run = await recover({ ...workspace, journal }, { scenario });
await workspace.close();
process.exitCode = run.verdict === 'done' ? 0 : 1;
