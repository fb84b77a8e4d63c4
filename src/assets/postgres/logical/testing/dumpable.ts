import { isLifeboatError } from '../../../../core/index.ts';
import { installedMajors } from '../../../../testing/postgres/cluster.ts';
import { findDumpPrograms } from '../programs.ts';

/** The oldest version of PostgreSQL that this machine can both run and dump. */
export async function dumpableMajor(): Promise<number | undefined> {
  for (const major of await installedMajors()) {
    try {
      if ((await findDumpPrograms(major)).major === major) return major;
    } catch (error) {
      if (!isLifeboatError(error, 'asset.tool_missing')) throw error;
    }
  }
  return undefined;
}
