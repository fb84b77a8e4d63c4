import { readFileSync } from 'node:fs';
import { isLifeboatError, systemCodeOf } from '../../core/index.ts';
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

/** Whether a process keeps it still, though it may say nothing for hours: a large one is being made. Where that cannot be asked it counts as silent. */
export function isAtWork(place: Pick<Workspace, 'stateFolder'>, { asset, state }: StandbyLine): boolean {
  if (state !== 'seeding' && state !== 'starting') return false;
  try {
    return isKept(place, asset);
  } catch (error) {
    // Safe: silence rings, and the other alarms are told too.
    if (isLifeboatError(error, 'input.file')) return false;
    throw error;
  }
}

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
