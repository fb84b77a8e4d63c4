/**
 * `lifeboat worker --site SITE` in the folder where it is started, whose process is killed at one of its records:
 * node killed-worker.ts SITE PORT STATE CALL before|after
 */
import { openWorkspace, work } from '../../src/app/index.ts';
import { silentProgress } from '../../src/core/index.ts';
import { deadlyRecords } from './deadly-records.ts';

const [site = '', port = '', stateFolder = '', which = '', moment = ''] = process.argv.slice(2);
const workspace = await openWorkspace({ planFile: 'lifeboat.yaml', stateFolder, progress: silentProgress });
const journal = deadlyRecords(workspace.journal, which, moment);
await work(
  { ...workspace, journal },
  {
    site,
    listen: { host: '127.0.0.1', port: Number(port) },
    signal: new AbortController().signal,
    say: ({ state }) => {
      if (state === 'ready') process.stdout.write('ready\n');
    },
  },
);
