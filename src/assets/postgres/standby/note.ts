import { chown, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { LifeboatError, systemCodeOf, writeFileDurably } from '../../../core/index.ts';
import type { StandbyNote } from '../../standby.ts';

const noteFile = 'lifeboat-standby.json';
/** With it a server stays in recovery and asks for log for ever. */
const signalFile = 'standby.signal';

const noteSchema = z.object({
  asset: z.string(),
  store: z.string(),
  point: z.string(),
  facts: z.record(z.string(), z.unknown()),
  source: z.string(),
});

/** See `StandbyKeeping.noteOf`. Throws `restore.target_unusable` for a note that nobody of us wrote. */
export async function noteOf(folder: string): Promise<StandbyNote | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, noteFile), 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
  try {
    return noteSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new LifeboatError('restore.target_unusable', `${folder} does not say what it is a standby of`, {
      where: join(folder, noteFile),
      hint: 'Name another folder.',
      cause: error,
    });
  }
}

/** See `StandbyKeeping.release`. */
export const releaseStandby = (folder: string): Promise<void> => rm(join(folder, noteFile), { force: true });

/** See `StandbyKeeping.prepare`. The note last: a folder that has it is whole. */
export async function prepareStandby(folder: string, note: StandbyNote): Promise<void> {
  const { uid, gid } = await stat(folder);
  for (const [name, text] of [
    [signalFile, ''],
    [noteFile, `${JSON.stringify(note)}\n`],
  ] as const) {
    await writeFileDurably(join(folder, name), text, 0o600);
    if (process.getuid?.() === 0) await chown(join(folder, name), uid, gid);
  }
}
