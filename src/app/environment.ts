import { join } from 'node:path';
import { LifeboatError } from '../core/index.ts';
import type { Workspace } from '../operations/index.ts';
import type { Environment } from '../procedures/index.ts';

/**
 * A lasting environment of the plan, where a real run acts. Restored copies go below the state folder, one folder a run; nothing
 * that was there before is touched, and what a run started goes on when it ends.
 */
export function lastingEnvironment(workspace: Workspace, name: string, run: string): Environment {
  const declaration = workspace.plan.environments.get(name);
  if (declaration === undefined) {
    throw new LifeboatError('plan.unknown_name', `the plan has no environment ${name}`, {
      hint: `It has: ${[...workspace.plan.environments.keys()].join(', ') || 'none'}.`,
    });
  }
  if (declaration.ephemeral) {
    throw new LifeboatError('plan.unknown_name', `${name} is made for drills and destroyed after them`, {
      hint: 'Name a lasting environment, or run the procedure as a drill.',
    });
  }
  const folder = join(workspace.stateFolder, 'recovered', run);
  return {
    name,
    protected: declaration.protected,
    ephemeral: false,
    folder,
    settingsFolder: join(workspace.stateFolder, 'settings', name),
    serviceUrl: (service) => declaration.services.get(service)?.at,
    newTarget: (asset) => join(folder, asset),
    adopt: () => {}, // nothing is destroyed at the end of a real run
  };
}
