import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemCodeOf } from '../../core/index.ts';
import { isHeldHere } from '../being-taken.ts';

/** Where a running stream leaves its last line of state, for `status` in another process. */
export const streamStateFile = (stateFolder: string, asset: string): string =>
  join(stateFolder, 'streams', `${asset}.json`);

/** Held by the process that streams the asset, from its beginning to its end. */
export const streamLockFile = (stateFolder: string, asset: string): string =>
  join(stateFolder, 'locks', `stream-${asset}`);

/** Whether a process of this machine streams the asset, though it may not have said anything yet. Where that cannot be asked none does. */
export const isStreamed = (stateFolder: string, asset: string): boolean =>
  isHeldHere(streamLockFile(stateFolder, asset));

/** As `streamStateFile`, of a standby. */
export const standbyStateFile = (stateFolder: string, asset: string): string =>
  join(stateFolder, 'standbys', `${asset}.json`);

/** Replaced whole. It is a help for whoever looks, and no need of the stream: a disk that takes no line must not end it. */
export function leaveState(file: string, line: unknown): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.new`, JSON.stringify(line));
    renameSync(`${file}.new`, file);
  } catch (error) {
    // What is left is old, and whoever reads it sees its age.
    if (systemCodeOf(error) === undefined) throw error;
  }
}
