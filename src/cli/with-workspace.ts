import { openWorkspace, type OpenWorkspace } from '../app/index.ts';
import type { CommandContext } from './command.ts';

/** Opens what the plan names, does the work, and closes it again, whatever happens. */
export async function withWorkspace<T>(
  context: CommandContext,
  work: (workspace: OpenWorkspace) => Promise<T>,
): Promise<T> {
  const { planFile, stateFolder, progress, wrapStore, unlock } = context;
  const wrap = wrapStore === undefined ? {} : { wrapStore };
  const keys = unlock === undefined ? {} : { unlock };
  const workspace = await openWorkspace({ planFile, stateFolder, progress, ...wrap, ...keys });
  try {
    return await work(workspace);
  } finally {
    await workspace.close();
  }
}
