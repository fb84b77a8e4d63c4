import { openWorkspace } from '../app/index.ts';
import { Accounts, auditKind } from '../api/index.ts';
import { silentProgress, systemClock } from '../core/index.ts';
import type { CommandContext } from './command.ts';
import { userName } from './user-name.ts';

/**
 * The accounts of the folder of state, and the record that a change of them leaves: `changed(what, about)`. No store is opened; the record goes along with
 * the next command that opens one.
 */
export async function withAccounts<T>(
  { planFile, stateFolder }: CommandContext,
  work: (accounts: Accounts, changed: (what: string, about: string) => void) => Promise<T>,
): Promise<T> {
  const workspace = await openWorkspace({ planFile, stateFolder, progress: silentProgress });
  try {
    const accounts = new Accounts(stateFolder, systemClock);
    try {
      return await work(accounts, (what, about) => {
        const [who, from] = [`user ${userName()}`, `${workspace.host}, the command line`];
        const entry = { who, from, what, about, role: null, by: 'nobody', status: 200, outcome: 'done' };
        workspace.journal.append(auditKind, entry);
      });
    } finally {
      accounts.close();
    }
  } finally {
    await workspace.close();
  }
}
