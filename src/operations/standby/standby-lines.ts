import { readFileSync } from 'node:fs';
import { systemCodeOf } from '../../core/index.ts';
import type { Workspace } from '../contract.ts';
import { standbyStateFile } from '../streaming/stream-state.ts';
import { isKept } from './promotion-order.ts';
import type { StandbyLine } from './standby.ts';

/** The last line of state of each standby that this machine keeps, or kept: of those that were neither stopped nor promoted. */
export function standbyLines({ stateFolder, plan }: Pick<Workspace, 'stateFolder' | 'plan'>): StandbyLine[] {
  return [...plan.assets.keys()].flatMap((asset) => {
    const line = lineOf(standbyStateFile(stateFolder, asset));
    return line === undefined || line.state === 'ended' || line.state === 'promoted' ? [] : [line];
  });
}

/** Whether a process keeps it still, though it may say nothing for hours: a large one is being made. */
export const isAtWork = (place: Pick<Workspace, 'stateFolder'>, { asset, state }: StandbyLine): boolean =>
  (state === 'seeding' || state === 'starting') && isKept(place, asset);

function lineOf(file: string): StandbyLine | undefined {
  try {
    const line = JSON.parse(readFileSync(file, 'utf8')) as StandbyLine;
    return typeof line.at === 'number' && typeof line.asset === 'string' ? line : undefined;
  } catch (error) {
    // None was ever kept here; what cannot be read tells as little.
    if (systemCodeOf(error) === undefined && !(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
