import { createServer, type Http2Server, type Http2Session } from 'node:http2';
import type { Context, WorkflowContext, WorkflowSharedContext, RestatePromise } from '@restatedev/restate-sdk';
import { isLifeboatError, limits, LifeboatError, messageOf } from '../../core/index.ts';
import type { Acted, ActionName, Input, InsideRun, Output, RunOrder, Standing, Word } from '../engine.ts';
import { plainError } from '../plain-error.ts';
import { procedure, wordOf } from '../procedure.ts';
import type { SiteWorker } from '../site.ts';
import { addressesIn } from './ingress.ts';
import { serviceOf, workflowOf } from './names.ts';

export interface WorkerRequest {
  readonly site: string;
  readonly actions: SiteWorker;
  readonly listen: { readonly host: string; readonly port: number };
  /** Where the engine reaches this worker; default: where it listens. */
  readonly address?: string;
  /** Where the engine takes what is new to it. */
  readonly admin: string;
  /** Keys by which requests of the engine are known; without one whoever reaches the port may act. */
  readonly identityKeys: readonly string[];
  /** Shorter only in tests. */
  readonly patienceMs?: number;
}

export interface RunningWorker {
  readonly address: string;
  /** Takes nothing new; resolves when what was under way has ended. */
  stop(): Promise<void>;
}

/**
 * Serves the actions of a site to the engine, and makes itself known to it. Throws `engine.missing` without the package of the engine,
 * `engine.unreachable`, `engine.refused`, `port.taken`.
 */
export async function startWorker(request: WorkerRequest): Promise<RunningWorker> {
  const { site, actions, listen, identityKeys } = request;
  const sdk = await loadSdk();
  const patienceMs = request.patienceMs ?? limits.engineStepMs;
  const options = {
    // A step takes as long as it takes: an engine that gives up on it would ask for it again while it acts.
    inactivityTimeout: patienceMs,
    abortTimeout: patienceMs,
    // A worker that is away for days is waited for.
    retryPolicy: {
      initialInterval: 100,
      maxInterval: limits.engineRetryMs,
      exponentiationFactor: 2,
      maxAttempts: limits.engineAttemptsMax,
      onMaxAttempts: 'pause' as const,
    },
    idempotencyRetention: limits.engineKeepMs,
    journalRetention: limits.engineKeepMs,
  };
  const service = sdk.service({
    name: serviceOf(site),
    handlers: {
      ready: (_: Context, input: Input<'ready'>) => actions.ready(input),
      act: (_: Context, input: Input<'act'>) => actions.act(input),
      hear: (_: Context, input: Input<'hear'>) => actions.hear(input),
      step: (_: Context, input: Input<'step'>) => actions.step(input),
      stop: (_: Context, input: Input<'stop'>) => actions.stop(input),
    },
    options,
  });
  const workflow = sdk.workflow({
    name: workflowOf(site),
    handlers: {
      run: (context: WorkflowContext, order: RunOrder) => procedure(insideOf(context, sdk), order),
      hear: (context: WorkflowSharedContext, word: Word) => hear(context, site, word),
      look: async (context: WorkflowSharedContext) => (await context.get<Standing>('standing')) ?? { round: 0 },
    },
    options: { ...options, workflowRetention: limits.engineKeepMs },
  });
  const services = [service, workflow];
  const endpoint = sdk.createEndpointHandler({
    services,
    ...(identityKeys.length === 0 ? {} : { identityKeys: [...identityKeys] }),
    logger: () => {},
  });
  const sessions = new Set<Http2Session>();
  const server = createServer(endpoint);
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  const port = await listening(server, listen);
  const address = request.address ?? `http://${listen.host}:${port}`;
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    for (const session of sessions) session.destroy();
    await closed;
  };
  try {
    await register(request.admin, address);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    address,
    stop: async () => {
      await actions.idle();
      await close();
    },
  };
}

type Sdk = typeof import('@restatedev/restate-sdk');

async function loadSdk(): Promise<Sdk> {
  try {
    return await import('@restatedev/restate-sdk');
  } catch (error) {
    throw new LifeboatError('engine.missing', 'the package @restatedev/restate-sdk is not installed', {
      hint: 'It is optional: npm install @restatedev/restate-sdk.',
      cause: error,
    });
  }
}

/** What the workflow asks for, in the words of the engine. */
function insideOf(context: WorkflowContext, { RestatePromise: promises }: Sdk): InsideRun {
  return {
    step: (site, method, input) => call(context, site, method, input) as never,
    sleep: (ms) => context.sleep(ms),
    signal: <T>(name: string) => context.promise<T>(name).get(),
    // Only its own promises are told in the same order again.
    all: <T>(pending: readonly Promise<T>[]) => promises.all(pending as readonly RestatePromise<T>[]) as Promise<T[]>,
    tell: (standing) => context.set('standing', standing),
  };
}

const call = <Name extends ActionName>(
  context: WorkflowContext | WorkflowSharedContext,
  site: string,
  method: Name,
  parameter: unknown,
): Promise<Output<Name>> =>
  context.genericCall<unknown, Output<Name>>({
    service: serviceOf(site),
    method,
    parameter,
    inputSerde: json as never,
    outputSerde: json as never,
  });

const json = {
  contentType: 'application/json',
  serialize: (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value)),
  deserialize: (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes)),
};

/** A word is written down by the site that leads the run, and then wakes it. */
async function hear(
  context: WorkflowSharedContext,
  site: string,
  word: Word,
): Promise<Acted & { readonly after: number }> {
  const { round, acted } = (await context.get<Standing>('standing')) ?? { round: 0 };
  const refused = (error: unknown): Acted & { after: number } => ({ after: round, error: plainError(error) });
  if (round === 0) {
    const hint = `If it was handed to it and is forgotten there: lifeboat run resume ${context.key} --here`;
    return refused(new LifeboatError('run.missing', `the engine keeps no run ${context.key}`, { hint }));
  }
  if (word.kind === 'resume' && acted === undefined) {
    const hint = `Watch it: lifeboat run show ${context.key}`;
    return refused(new LifeboatError('run.held', `a runner acts on run ${context.key}`, { hint }));
  }
  const heard = await call(context, site, 'hear', { run: context.key, word });
  if (heard.error !== undefined) return { after: round, error: heard.error };
  const woken = await wake(context, word, round);
  if (woken !== undefined) return { after: woken };
  const hint = `Watch it: lifeboat run show ${context.key}`;
  return refused(new LifeboatError('run.held', `another word woke run ${context.key}`, { hint }));
}

/**
 * Ends a round, and returns which. Each round has one word that ends it: what is said while another word does that ends the next one, for the run may
 * have looked for words before this one was written down. (What the run tells of itself is read once: it stays as it was when this began.)
 */
async function wake(context: WorkflowSharedContext, word: Word, round: number): Promise<number | undefined> {
  const last = word.kind === 'resume' ? round : round + limits.engineTriesMax;
  for (let next = round; next <= last; next += 1) {
    try {
      await context.promise<Word>(wordOf(next)).resolve(word);
      return next;
    } catch (error) {
      if (!isTerminal(error)) throw error;
    }
  }
  return undefined;
}

/** Said by the engine for good: the promise has its word already. What else comes out of the context is the engine's own. */
const isTerminal = (error: unknown): boolean => error instanceof Error && error.name === 'TerminalError';

function listening(server: Http2Server, { host, port }: WorkerRequest['listen']): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new LifeboatError('port.taken', `the worker cannot listen on ${host}:${port}: ${error.message}`, {
          hint: 'Name another address: --listen.',
          cause: error,
        }),
      ),
    );
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** Again after each start: the engine takes the same address as the same worker, and what waits for it goes on. */
async function register(admin: string, uri: string): Promise<void> {
  let silent: unknown;
  for (const base of addressesIn(admin)) {
    try {
      return await registerAt(base, uri);
    } catch (error) {
      if (!isLifeboatError(error, 'engine.unreachable')) throw error;
      silent ??= error;
    }
  }
  throw silent;
}

async function registerAt(base: string, uri: string): Promise<void> {
  let answer: Response;
  try {
    answer = await fetch(`${base}/deployments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ uri, force: true }),
      signal: AbortSignal.timeout(limits.engineAnswerMs),
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new LifeboatError('engine.unreachable', `the engine at ${base} does not answer: ${messageOf(cause)}`, {
      hint: 'Start its server, or correct tool.engine.admin in the plan.',
      cause: error,
    });
  }
  if (answer.ok) return;
  const said = (await answer.text()).slice(0, 300);
  throw new LifeboatError('engine.refused', `the engine does not take the worker at ${uri}: ${answer.status} ${said}`, {
    hint: 'It must reach that address: name another one with --address.',
  });
}
