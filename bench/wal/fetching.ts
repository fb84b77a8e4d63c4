import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openWorkspace } from '../../src/app/index.ts';
import { floorTo, segmentName } from '../../src/assets/postgres/lsn.ts';
import { lsnValue } from '../../src/assets/postgres/base/end-of-backup.ts';
import { PostgresReplay } from '../../src/assets/postgres/recovery/replay.ts';
import { silentProgress } from '../../src/core/index.ts';
import { chooseReplay } from '../../src/operations/restore/choose-replay.ts';

/**
 * A process that brings the log of a place of a stream to a server, as the process of a restore does. FOLDER: of the plan. It prints which segments
 * are whole in the log, and from the line `begin PATH` on fetches ahead into that folder and prints the `restore_command`; with its input it ends.
 */
const segmentBytes = 16 * 2 ** 20;
const folder = process.argv[2] as string;
const planFile = join(folder, 'lifeboat.yaml');
const workspace = await openWorkspace({
  planFile,
  stateFolder: join(folder, '.lifeboat'),
  progress: silentProgress,
});
const chosen = await chooseReplay(workspace, { asset: 'data', target: '', start: true, stay: false });
const replay = chosen?.replay;
if (!(replay instanceof PostgresReplay)) throw new Error('the place has no log');
process.stdout.write(`${JSON.stringify(namesBetween(replay.timeline, lsnValue(replay.from), lsnValue(replay.to)))}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  await replay.begin(line.replace(/^begin /, ''));
  process.stdout.write(`${replay.settings()['restore_command']}\n`);
}
await replay.close();
await workspace.close();

function namesBetween(timeline: number, from: bigint, to: bigint): string[] {
  const names: string[] = [];
  const end = floorTo(to, segmentBytes);
  for (let at = floorTo(from, segmentBytes); at < end; at += BigInt(segmentBytes))
    names.push(segmentName(timeline, at, segmentBytes));
  return names;
}
