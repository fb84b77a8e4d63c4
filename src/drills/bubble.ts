import { chmod, lstat, mkdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chance, endProcesses, freePort, LifeboatError, messageOf, systemCodeOf, timeId } from '../core/index.ts';
import { holdLock } from '../journal/index.ts';
import type { Workspace } from '../operations/index.ts';
import { evaluateTemplate } from '../plan/index.ts';
import type { EnvironmentDeclaration } from '../plan/index.ts';
import { isInside, type Environment } from '../procedures/index.ts';

/** A world for one drill: folders and ports of its own, and a list of all that was started in it. */
export interface Bubble {
  readonly id: string;
  readonly environment: Environment;
  /** Ends and removes everything, confirms it, and writes that down. Does not throw: what is left is in the proof. */
  destroy(): Promise<BubbleProof>;
}

export interface BubbleProof {
  readonly bubble: string;
  readonly folder: string;
  readonly stopped: readonly string[];
  /** Groups of programs that nobody had stopped and that were ended. */
  readonly ended: number;
  readonly gone: boolean;
  /** What could not be removed or ended, with the reason. */
  readonly left: readonly string[];
}

const prefix = 'lifeboat-bubble-';

/**
 * Makes the bubble. It is written down before it is made, so that what a killed drill leaves is found by the next one.
 * The root may be passed through but not listed (a database server may run as another user), and what lies in it has a name
 * that cannot be guessed. Throws `drill.bubble`.
 */
export async function makeBubble(
  workspace: Workspace,
  declaration: Pick<EnvironmentDeclaration, 'name' | 'services'>,
  run: string,
): Promise<Bubble> {
  const { journal, clock, host, stateFolder } = workspace;
  const id = timeId(clock.now());
  const root = join(await realpath(tmpdir()), `${prefix}${id}`);
  const folder = join(root, chance(16));
  const lock = holdLock(join(stateFolder, 'locks', `bubble-${id}`), `bubble of drill ${run}`);
  try {
    journal.append('bubble.made', { bubble: id, root, folder, host, environment: declaration.name }, { run });
    await makeFolder(root);
    await makeFolder(folder);
    const adopted: Adopted[] = [];
    const environment: Environment = {
      name: declaration.name,
      protected: false,
      ephemeral: true,
      folder,
      settingsFolder: join(folder, 'settings'),
      serviceUrl: addressBook(await addressesOf(declaration)),
      newTarget: (asset) => join(folder, `${asset}-${chance(6)}`),
      adopt: (thing) => {
        adopted.push(thing);
        journal.append('bubble.adopted', { bubble: id, name: thing.name, pid: thing.pid ?? null }, { run });
      },
    };
    const destroy = async (): Promise<BubbleProof> => {
      try {
        return await destroyBubble(workspace, { bubble: id, root, run }, adopted);
      } finally {
        lock.release();
      }
    };
    return { id, environment, destroy };
  } catch (error) {
    await destroyBubble(workspace, { bubble: id, root, run }, []);
    lock.release();
    throw new LifeboatError('drill.bubble', `the bubble could not be made: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Destroys what killed drills of this machine left: written down as made, never as destroyed, and nobody holds it.
 * Returns what was done.
 */
export async function cleanLeftBubbles(workspace: Workspace): Promise<BubbleProof[]> {
  const { journal, host, stateFolder } = workspace;
  const destroyed = new Set(
    journal
      .records({ kinds: ['bubble.destroyed'], own: true })
      .filter(({ data }) => data['gone'] === true)
      .map(({ data }) => data['bubble']),
  );
  const proofs: BubbleProof[] = [];
  for (const { data, run } of journal.records({ kinds: ['bubble.made'], own: true })) {
    if (destroyed.has(data['bubble']) || data['host'] !== host) continue;
    const bubble = String(data['bubble']);
    const lock = tryToHold(join(stateFolder, 'locks', `bubble-${bubble}`), `cleaning bubble ${bubble}`);
    if (lock === undefined) continue; // its drill is alive
    try {
      proofs.push(await destroyBubble(workspace, { bubble, root: String(data['root']), run: run ?? '' }, []));
    } finally {
      lock.release();
    }
  }
  return proofs;
}

type Adopted = Parameters<Environment['adopt']>[0];

async function destroyBubble(
  { journal }: Workspace,
  { bubble, root, run }: { bubble: string; root: string; run: string },
  adopted: readonly Adopted[],
): Promise<BubbleProof> {
  const left: string[] = [];
  const stopped: string[] = [];
  for (const thing of adopted.toReversed()) {
    try {
      await thing.stop();
      stopped.push(thing.name);
    } catch (error) {
      left.push(`${thing.name} did not stop: ${messageOf(error)}`);
    }
  }
  const ended = await endWhatRuns(root, run, left);
  const gone = (await removeFolder(root, left)) && left.length === 0;
  const proof = { bubble, folder: root, stopped, ended, gone, left };
  journal.append('bubble.destroyed', proof, { run });
  return proof;
}

/** Whatever works in the bubble's folder or was started by a step of its run, known to us or not. */
async function endWhatRuns(root: string, run: string, left: string[]): Promise<number> {
  const isOurs = ({ mark, folder, terminal }: Parameters<Parameters<typeof endProcesses>[0]>[0]): boolean =>
    (run !== '' && mark?.startsWith(`${run}/`) === true) ||
    // A person who looks around in the folder is not a part of the drill.
    (!terminal && folder !== undefined && (folder === root || isInside(root, folder)));
  try {
    return (await endProcesses(isOurs)) ?? 0;
  } catch (error) {
    left.push(messageOf(error));
    return 0;
  }
}

async function removeFolder(root: string, left: string[]): Promise<boolean> {
  try {
    // Only what bears our name and belongs to us, whatever the journal says.
    if (!isInside(await realpath(tmpdir()), root) || !root.includes(`/${prefix}`)) {
      left.push(`${root} is not where bubbles are made, and was not touched`);
      return false;
    }
    await rm(root, { recursive: true, force: true, maxRetries: 3 });
    await lstat(root);
    left.push(`${root} is still there`);
    return false;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return true;
    left.push(`${root} could not be removed: ${messageOf(error)}`);
    return false;
  }
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o711 });
  await chmod(path, 0o711); // the process's umask may have taken bits away
}

async function addressesOf({ services }: Pick<EnvironmentDeclaration, 'services'>): Promise<Map<string, string>> {
  const addresses = new Map<string, string>();
  for (const [service, { at }] of services) {
    if (at !== undefined) addresses.set(service, String(evaluateTemplate(at, { port: await freePort() })));
  }
  return addresses;
}

const addressBook =
  (addresses: ReadonlyMap<string, string>) =>
  (service: string): string | undefined =>
    addresses.get(service);

function tryToHold(file: string, who: string): { release(): void } | undefined {
  try {
    return holdLock(file, who);
  } catch (error) {
    if (error instanceof LifeboatError && error.code === 'operation.busy') return undefined;
    throw error;
  }
}
