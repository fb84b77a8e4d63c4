import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf, writeFileDurably } from '../../core/index.ts';

/** How far this machine's chain was in a store when it was last shipped there. */
export interface ShippedHead {
  readonly chain: string;
  readonly records: number;
}

const fileIn = (stateFolder: string): string => join(stateFolder, 'shipped.json');

/** By the location of the store. What cannot be read is as good as not known: a cut is then not noticed, nothing else. */
export async function readShipped(stateFolder: string): Promise<Record<string, ShippedHead>> {
  try {
    return JSON.parse(await readFile(fileIn(stateFolder), 'utf8')) as Record<string, ShippedHead>;
  } catch (error) {
    if (error instanceof SyntaxError || systemCodeOf(error) === 'ENOENT') return {};
    throw error;
  }
}

/** Only under the lock of shipping. */
export const noteShipped = (stateFolder: string, heads: Record<string, ShippedHead>): Promise<void> =>
  writeFileDurably(fileIn(stateFolder), JSON.stringify(heads));
