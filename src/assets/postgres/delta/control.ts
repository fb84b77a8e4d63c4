import { createHash } from 'node:crypto';
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LifeboatError, syncFolder, systemCodeOf } from '../../../core/index.ts';
import { readControlFile } from '../beside/control-file.ts';

/** Without this file no server starts. */
const controlName = 'pg_control';
/** What it is called while the folder is half one state and half another. */
const asideName = 'pg_control.lifeboat-in-place';

export const controlFile = `global/${controlName}`;
export const asideFile = `global/${asideName}`;

export interface Control {
  readonly systemId: string;
  readonly state: string;
  /** On this timeline was the newest checkpoint, at this place. */
  readonly timeline: number;
  readonly checkpoint: bigint;
  /** Of all that the file says, hex: every server that runs on the folder changes it. */
  readonly hash: string;
}

/** DBState of pg_control.h. */
const states = [
  'starting up',
  'shut down',
  'shut down in recovery',
  'shutting down',
  'in crash recovery',
  'in archive recovery',
  'in production',
];

/** Who the data directory is. Throws `asset.corrupt`, `restore.target_unusable`. */
export async function readControl(folder: string): Promise<Control> {
  const bytes =
    (await ifThere(readControlFile(join(folder, asideFile)))) ??
    (await ifThere(readControlFile(join(folder, controlFile))));
  if (bytes === undefined) {
    throw new LifeboatError(
      'restore.target_unusable',
      `${folder} has no ${controlFile}: it does not say which cluster it is`,
      {
        hint: 'Restore beside: leave --in-place out.',
      },
    );
  }
  // ControlFileData: the system identifier, two versions, then the state.
  const state = bytes.readUInt32LE(16);
  return {
    systemId: bytes.readBigUInt64LE(0).toString(),
    state: states[state] ?? `unknown (${state})`,
    // Its place; then a copy of the checkpoint: where replay from it begins, and the timeline.
    checkpoint: bytes.readBigUInt64LE(32),
    timeline: bytes.readUInt32LE(48),
    hash: createHash('sha256').update(bytes).digest('hex'),
  };
}

/** Takes away what lets a server start; who the folder is stays readable. Durable when it resolves. */
export async function setControlAside(folder: string): Promise<void> {
  const [own, aside] = [join(folder, controlFile), join(folder, asideFile)];
  // Both are there when we were killed after the last file: the older one is what the folder was.
  if ((await ifThere(readFile(aside))) === undefined) await rename(own, aside);
  else await rm(own, { force: true });
  await syncFolder(join(folder, 'global'));
}

export async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
