import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogWriter } from '../../assets/index.ts';
import { LifeboatError, limits, systemCodeOf, writeFileDurably } from '../../core/index.ts';
import type { Workspace } from '../contract.ts';
import { listPoints } from '../points.ts';
import { PushedAhead } from './pushed-ahead.ts';
import { storesOf } from '../stores-of.ts';
import { logOf } from './stream.ts';

/**
 * Stores one file of an asset's log in every store that its policy streams to (else backs up to): durable in all of them when it resolves.
 * What else the server has ready is stored on the way (`PushedAhead`), so that a server that is far ahead starts few slow processes.
 * Throws `asset.foreign` for a file of another server, `log.conflict`, and what reading the file and the stores throw.
 */
export async function pushLog(workspace: Workspace, assetName: string, path: string): Promise<{ stored: boolean }> {
  const policy = workspace.plan.assets.get(assetName)?.policy;
  const streams = policy === undefined ? undefined : workspace.plan.policies.get(policy)?.streams;
  const stores = streams?.to ?? storesOf(workspace.plan, assetName);
  const ahead = new PushedAhead(workspace.stateFolder, assetName, stores);
  if (await ahead.take(path)) return { stored: true };
  const outcome = await push(workspace, assetName, path, stores);
  const next = (file: string): Promise<unknown> => push(workspace, assetName, file, stores);
  if (outcome.stored) await ahead.store(path, limits.logFilesPushedAhead, next);
  return outcome;
}

const push = (
  workspace: Workspace,
  assetName: string,
  path: string,
  stores: readonly string[],
): Promise<{ stored: boolean }> =>
  logOf(workspace.asset(assetName)).push(path, async (said): Promise<LogWriter[]> => {
    const known = await knownSource(workspace, assetName);
    if (said !== undefined && known !== undefined && said !== known) {
      throw new LifeboatError('asset.foreign', `${path} is of cluster ${said}, and ${assetName} is cluster ${known}`, {
        where: path,
        hint: 'A server that archives here by mistake must stop. A new cluster takes a new point first: lifeboat backup.',
      });
    }
    const source = said ?? known;
    if (source === undefined) {
      throw new LifeboatError(
        'asset.foreign',
        `${path} does not say of which cluster it is, and ${assetName} has no point yet`,
      );
    }
    if (known === undefined) await writeFileDurably(noteOf(workspace, assetName), source, 0o600);
    return Promise.all(stores.map(async (store) => (await workspace.repository(store)).log(assetName, source)));
  });

/** Kept beside the journal, so that no point has to be read for each segment; a newer point has the last word once the note is gone. */
async function knownSource(workspace: Workspace, asset: string): Promise<string | undefined> {
  try {
    return (await readFile(noteOf(workspace, asset), 'utf8')).trim();
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
  }
  const { points } = await listPoints(workspace, asset);
  const keeping = logOf(workspace.asset(asset));
  const source = points.flatMap(({ point }) => keeping.baseOf(point.facts.facts)?.source ?? []).at(-1);
  if (source !== undefined) await writeFileDurably(noteOf(workspace, asset), source, 0o600);
  return source;
}

const noteOf = ({ stateFolder }: Workspace, asset: string): string => join(stateFolder, `log-source-${asset}`);
