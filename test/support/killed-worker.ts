/**
 * `lifeboat worker --site SITE` in the folder where it is started, whose process is killed at one of its records when it is told so:
 * node killed-worker.ts SITE PORT STATE
 * Its parent sends a record to die at, or "live"; each is answered with "heard". It says "ready" when it can be given work.
 */
import { flushCompileCache } from 'node:module';
import { openWorkspace, work } from '../../src/app/index.ts';
import { silentProgress } from '../../src/core/index.ts';
import { deadlyRecords, type DeadlyRecord } from './deadly-records.ts';

const [site = '', port = '', stateFolder = ''] = process.argv.slice(2);
let deadly: DeadlyRecord | undefined;
process.on('message', (named: DeadlyRecord | 'live') => {
  deadly = named === 'live' ? undefined : named;
  process.send?.('heard');
});
// It goes with who started it.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
const workspace = await openWorkspace({ planFile: 'lifeboat.yaml', stateFolder, progress: silentProgress });
await work(
  { ...workspace, journal: deadlyRecords(workspace.journal, () => deadly) },
  {
    site,
    listen: { host: '127.0.0.1', port: Number(port) },
    signal: new AbortController().signal,
    say: ({ state }) => {
      if (state !== 'ready') return;
      flushCompileCache();
      process.send?.('ready');
    },
  },
);
