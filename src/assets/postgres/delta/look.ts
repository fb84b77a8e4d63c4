import { readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { endProcesses, findProcesses, isAlive, LifeboatError } from '../../../core/index.ts';
import type { InPlaceLook } from '../../in-place.ts';
import { serverUser } from '../server/index.ts';
import { ifThere, readControl } from './control.ts';

/** Stands in a data directory while it is rewritten. */
export const markFile = 'lifeboat-in-place.json';
/** Stands there while a server is given another timeline. Nothing else of the folder changes, so that it bars nobody. */
export const forkFile = 'lifeboat-fork';

/** See `InPlaceKeeping.look`. */
export async function lookInPlace(target: string): Promise<InPlaceLook> {
  const path = await folderOf(target);
  const version = (await ifThere(readFile(join(path, 'PG_VERSION'), 'utf8')))?.trim();
  const mark = (await ifThere(readFile(join(path, markFile), 'utf8')))?.trim();
  // Half-way through, the version may not be there; who it is still is.
  if (version === undefined && mark === undefined) throw unusable(path, 'is no data directory of PostgreSQL');
  const isOurs = mark !== undefined || (await ifThere(stat(join(path, forkFile)))) !== undefined;
  if (!isOurs || !(await isTrial(path))) await mustBeStopped(path);
  await mustBeOwned(path);
  const { systemId, state, timeline, hash: stateHash } = await readControl(path);
  const description = `PostgreSQL ${version ?? '(half rewritten)'}, cluster ${systemId}, ${path}`;
  return { identity: { id: systemId, description }, path, state, stateHash, timeline, mark };
}

/** See `InPlaceKeeping.settle`. */
export async function settleTrial(target: string): Promise<void> {
  const path = await folderOf(target);
  if (await isTrial(path)) await endProcesses(({ folder }) => folder === path);
}

/** Whether the server that runs there is the one that tries out what was rewritten: its configuration is our own, on its command line. */
async function isTrial(path: string): Promise<boolean> {
  const pid = Number((await ifThere(readFile(join(path, 'postmaster.pid'), 'utf8')))?.split('\n')[0] ?? 0);
  if (!(pid > 0)) return false;
  const words = await ifThere(readFile(`/proc/${pid}/cmdline`, 'utf8'));
  return words?.split('\0').includes(`config_file=${join(path, 'lifeboat.conf')}`) === true;
}

async function folderOf(target: string): Promise<string> {
  const path = await ifThere(realpath(target));
  if (path === undefined) throw unusable(target, 'does not exist');
  if ((await stat(path)).isDirectory()) return path;
  throw unusable(target, 'is no folder');
}

/**
 * A server whose main process died may still have others that write; so whoever works in the folder counts. What runs in another
 * container or on another machine over the same disk cannot be seen: it shows when the folder changes while it is read.
 */
export async function mustBeStopped(path: string): Promise<void> {
  const inside = await findProcesses(({ folder }) => folder === path);
  const first = inside?.[0];
  if (first !== undefined) throw running(path, first.pid);
  const pid = Number((await ifThere(readFile(join(path, 'postmaster.pid'), 'utf8')))?.split('\n')[0] ?? 0);
  if (!(pid > 0) || !isAlive(pid)) return;
  // The number may belong to another program by now, which is told by where it works, if we may know that.
  const same = await findProcesses((one) => one.pid === pid);
  if (same?.[0] === undefined || same[0].folder === undefined) throw running(path, pid);
}

/** PostgreSQL refuses a folder that is not its user's, and so would the copy that we try. */
async function mustBeOwned(path: string): Promise<void> {
  const user = await serverUser();
  const { uid } = await stat(path);
  const wanted = user?.uid ?? process.getuid?.() ?? uid;
  if (uid === wanted) return;
  throw unusable(path, `belongs to the user ${uid}, and a server started from here runs as ${user?.name ?? wanted}`);
}

const unusable = (path: string, what: string): LifeboatError =>
  new LifeboatError('restore.target_unusable', `${path} ${what}`, {
    where: path,
    hint: 'Name the data directory of a stopped server, as its user or as root; or restore beside: leave --in-place out.',
  });

const running = (path: string, pid: number): LifeboatError =>
  new LifeboatError('restore.target_unusable', `a server runs on ${path} (process ${pid})`, {
    where: path,
    hint: 'Stop it, and whatever would start it again, and run again.',
  });
