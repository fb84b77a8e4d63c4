import { accessSync, constants } from 'node:fs';
import { mountPoints, shownName, systemCodeOf, systemPath } from '../../core/index.ts';
import type { Survey, SurveyRemark } from '../asset.ts';
import { stopIfAsked } from '../stop.ts';
import { kernelFileSystem } from './file-systems.ts';
import { walk, type WalkOptions } from './walk.ts';

/**
 * Lists every folder as a capture would, and asks whether every file may be read, without opening any. A folder that may not be
 * listed ends it: `asset.unreadable`.
 */
export async function surveyTree(root: string, options: WalkOptions, signal: AbortSignal | undefined): Promise<Survey> {
  let refused: string | undefined;
  let [bytes, count] = [0, 0];
  for await (const { file, header, bytes: ofFile } of walk(root, options)) {
    stopIfAsked(signal, `the look at ${root}`);
    if (header.type !== 'file' || mayRead(file)) bytes += ofFile;
    else {
      count += 1;
      refused ??= shownName(file);
    }
  }
  const remarks = [...(refused === undefined ? [] : [refusal(refused, count)]), ...(await leftOut(root, options))];
  return { remarks, bytes };
}

function mayRead(file: string): boolean {
  try {
    accessSync(systemPath(file), constants.R_OK);
    return true;
  } catch (error) {
    // One that went away meanwhile is no matter of rights, and no longer to be read.
    return systemCodeOf(error) === 'ENOENT';
  }
}

const refusal = (name: string, count: number): SurveyRemark => ({
  about: 'rights',
  severity: 'error',
  message: count === 1 ? `this user may not read ${name}` : `this user may not read ${count} files, among them ${name}`,
  hint: 'Let this user read them, or exclude them in the plan.',
});

/** With `oneFileSystem` a disk that was mounted in the tree is in no point. */
async function leftOut(root: string, { oneFileSystem, excludes }: WalkOptions): Promise<SurveyRemark[]> {
  if (oneFileSystem !== true) return [];
  const inside = (await mountPoints()).flatMap((place) =>
    place.startsWith(`${root}/`) ? [place.slice(root.length + 1)] : [],
  );
  return inside
    .filter((path) => excludes?.(path) !== true && kernelFileSystem(`${root}/${path}`) === undefined)
    .map((path) => ({
      about: 'uncovered',
      severity: 'warning',
      thing: `files:${root}/${path}`,
      message: `${path} is another file system, and no point has what is in it: the plan says oneFileSystem`,
      hint: 'Make it an asset of its own, exclude it by name, or take oneFileSystem out.',
    }));
}
