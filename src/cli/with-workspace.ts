import { openWorkspace, type OpenWorkspace } from '../app/index.ts';
import { LifeboatError, systemClock, toLifeboatError } from '../core/index.ts';
import { shipJournal } from '../operations/index.ts';
import type { CommandContext } from './command.ts';
import type { Input } from './input.ts';
import { momentOf } from './moment.ts';

/**
 * Opens what the plan names, does the work, brings the records that it added to the stores, and closes it again, whatever happens.
 */
export async function withWorkspace<T>(
  context: CommandContext,
  work: (workspace: OpenWorkspace) => Promise<T>,
): Promise<T> {
  const { planFile, stateFolder, progress, wrapStore, unlock, asOfMs } = context;
  const wrap = wrapStore === undefined ? {} : { wrapStore };
  const keys = unlock === undefined ? {} : { unlock };
  const moment = asOfMs === undefined ? {} : { asOfMs };
  const workspace = await openWorkspace({ planFile, stateFolder, progress, ...wrap, ...keys, ...moment });
  try {
    return await work(workspace);
  } finally {
    // The past takes no records: they go along with the next command.
    if (asOfMs === undefined) await ship(context, workspace);
    await workspace.close();
  }
}

/** `--as-of`: the stores as they were at that moment. Throws `input.flag`. */
export function asOf(context: CommandContext, input: Input): CommandContext {
  const asOfMs = momentOf(input, 'as-of');
  if (asOfMs === undefined) return context;
  if (asOfMs <= systemClock.now()) return { ...context, asOfMs };
  throw new LifeboatError('input.flag', '--as-of names a moment that has not come yet');
}

/**
 * To the stores that answered during the work, so that nobody waits for one that is away; to all where none was opened. Never changes what
 * the command says: what is left behind is said, and goes along with the next command.
 */
async function ship({ signal, progress }: CommandContext, workspace: OpenWorkspace): Promise<void> {
  try {
    const { records, stores } = await workspace.used();
    // Who asks us to stop does not want to wait; who only looked has nothing to tell.
    if (records === 0 || signal.aborted) return;
    const { failures } = await shipJournal(workspace, stores.length > 0 ? stores : [...workspace.plan.stores.keys()]);
    for (const { message, code } of failures) progress.note(`${leftBehind}: ${message} [${code}]`);
  } catch (error) {
    const { message, code } = toLifeboatError(error);
    progress.note(`${leftBehind}: ${message} [${code}]`);
  }
}

const leftBehind = 'the journal was not brought to a store, the next command does';
