import { isIP } from 'node:net';
import { LifeboatError, messageOf, toLifeboatError } from '../core/index.ts';
import { siteWorker, startWorker, type SiteWorker } from '../engine/index.ts';
import { shipJournal } from '../operations/index.ts';
import { declaredEngine, siteOf } from './engine.ts';
import type { OpenWorkspace } from './open.ts';

export interface WorkRequest {
  readonly site: string;
  readonly listen: { readonly host: string; readonly port: number };
  /** Where the engine reaches this worker; default: where it listens. */
  readonly address?: string;
  /** Stops it: it takes nothing new, and ends when what is under way has ended. */
  readonly signal: AbortSignal;
  readonly say: (line: WorkLine) => void;
}

export interface WorkLine {
  readonly site: string;
  readonly state: 'ready' | 'began' | 'ended' | 'stopping' | 'stopped';
  /** Where it listens, or what it does, in words. */
  readonly what: string;
}

/**
 * Does the steps of a site for the engine of the plan until it is stopped. Its records go to the stores whenever something has ended.
 * Throws `input.flag` where anybody could give it orders, `engine.*`, `port.taken`.
 */
export async function work(workspace: OpenWorkspace, request: WorkRequest): Promise<void> {
  const { site, listen, address, signal, say } = request;
  const { admin, signedBy = [] } = declaredEngine(workspace.plan);
  mustBeGuarded(listen.host, signedBy);
  const actions = shipping(workspace, siteWorker(siteOf(workspace, site)), request);
  const worker = await startWorker({
    site,
    actions,
    listen,
    admin,
    identityKeys: signedBy,
    ...(address === undefined ? {} : { address }),
  });
  say({ site, state: 'ready', what: worker.address });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  say({ site, state: 'stopping', what: actions.busy().join(', ') });
  await worker.stop();
  say({ site, state: 'stopped', what: '' });
}

/** Who reaches an open port may have any program run: beyond this machine only what the engine has signed is taken. */
function mustBeGuarded(host: string, signedBy: readonly string[]): void {
  const isLocal = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  if (isLocal || signedBy.length > 0) return;
  throw new LifeboatError('input.flag', `whoever reaches ${host} could give this worker orders`, {
    hint: 'Write the public key of the engine into the plan (tool: { engine: { signedBy: [publickeyv1_…] } }), or listen on 127.0.0.1.',
  });
}

function shipping(workspace: OpenWorkspace, actions: SiteWorker, { site, say }: WorkRequest): SiteWorker {
  const around = async <T>(what: string, perform: () => Promise<T>): Promise<T> => {
    say({ site, state: 'began', what });
    try {
      return await perform();
    } finally {
      await ship(workspace);
      say({ site, state: 'ended', what });
    }
  };
  return {
    ...actions,
    act: (input) => around(`run ${input.order.run}`, () => actions.act(input)),
    step: (packet) => around(`${packet.step.id} of run ${packet.run}`, () => actions.step(packet)),
  };
}

/** What could not be brought to a store goes along with the next thing that ends. */
async function ship(workspace: OpenWorkspace): Promise<void> {
  try {
    const { stores } = await workspace.used();
    const { failures } = await shipJournal(workspace, stores);
    for (const { message } of failures) workspace.progress.note(`the journal was not brought to a store: ${message}`);
  } catch (error) {
    workspace.progress.note(`the journal was not brought to a store: ${messageOf(toLifeboatError(error))}`);
  }
}
