import { chance, isLifeboatError, LifeboatError, limits, messageOf, type Clock } from '../../core/index.ts';

export interface Ingress {
  /** Asks a handler and waits for its short answer. Throws `engine.unreachable`, `engine.refused`. */
  call<T>(way: string, body: unknown, signal?: AbortSignal): Promise<T>;
  /** Hands work over; resolves when the engine keeps it. What has the same key is the same work. Throws as `call` does. */
  send(way: string, body: unknown, key?: string): Promise<string>;
  /**
   * The same for work that its own way names, so that it is the same work whenever it is sent: where an answer was lost it is sent again until one
   * comes. Throws `engine.unreachable` at once where it never left this machine, else when nobody answers for long.
   */
  handOver(way: string, body: unknown): Promise<void>;
  /** Waits for the end of what was handed over, however long that takes, and whatever is away meanwhile. */
  output<T>(invocation: string, signal: AbortSignal): Promise<T>;
}

/** The nodes of an engine, as one text. */
export const addressesIn = (text: string): string[] => text.split(',').map((one) => one.trim().replace(/\/+$/, ''));

/**
 * The requests that the engine takes at its address. Long work is handed over and its end is asked for again and again: no connection lives as long
 * as a step, and a server that was restarted knows what it was given.
 */
export function ingressAt(at: string, clock: Clock): Ingress {
  const bases = addressesIn(at);
  // The node that answered last is asked first.
  let answering = 0;
  const ask = async (
    method: string,
    way: string,
    body: unknown,
    headers: Record<string, string>,
    signal?: AbortSignal,
  ) => {
    let lost: unknown;
    for (let tries = 1; ; tries += 1) {
      const base = bases[answering] as string;
      const bound = AbortSignal.timeout(limits.engineAnswerMs);
      try {
        const answer = await fetch(`${base}${way}`, {
          method,
          headers: { 'content-type': 'application/json', ...headers },
          signal: signal === undefined ? bound : AbortSignal.any([signal, bound]),
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        return { status: answer.status, text: await answer.text() };
      } catch (error) {
        if (signal?.aborted === true) throw signal.reason;
        if (!neverLeft(error)) lost ??= error;
        if (tries >= bases.length) throw unreachable(bases.join(', '), lost ?? error);
        answering = (answering + 1) % bases.length;
      }
    }
  };
  const send = async (way: string, body: unknown, key?: string): Promise<string> => {
    const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
    const answer = await ask('POST', `${way}/send`, body, headers);
    // A server that fails may have taken it all the same.
    if (answer.status >= 500) throw unreachable(bases.join(', '), new Error(`it answered ${answer.status}`));
    return parsed<{ invocationId: string }>(way, answer).invocationId;
  };
  return {
    // Asked again at another address it is the same request.
    call: async <T>(way: string, body: unknown, signal?: AbortSignal) =>
      parsed<T>(way, await ask('POST', way, body, bases.length > 1 ? { 'idempotency-key': chance(20) } : {}, signal)),
    send,
    handOver: async (way, body) => {
      const beganMs = clock.elapsed();
      for (let mayBeTaken = false; ;) {
        try {
          await send(way, body);
          return;
        } catch (error) {
          if (!isLifeboatError(error, 'engine.unreachable')) throw error;
          mayBeTaken ||= !neverLeft(error.cause);
          if (!mayBeTaken) throw error;
          if (clock.elapsed() - beganMs > limits.engineTakenMs) throw nobodyKnows(error);
          await clock.sleep(limits.engineLookMs);
        }
      }
    },
    output: async <T>(invocation: string, signal: AbortSignal) => {
      for (;;) {
        const answer = await ask('GET', `/restate/invocation/${invocation}/output`, undefined, {}, signal).catch(
          (error: unknown) => {
            signal.throwIfAborted();
            // The server is away for a while; it keeps what it was given on its disk.
            if (error instanceof LifeboatError) return undefined;
            throw error;
          },
        );
        if (answer !== undefined && answer.status !== notReady && answer.status < 500)
          return parsed<T>(invocation, answer);
        await clock.sleep(limits.engineLookMs, signal);
      }
    },
  };
}

/** What the engine says of work that has not ended. */
const notReady = 470;

function parsed<T>(way: string, { status, text }: { status: number; text: string }): T {
  if (status < 300) return (text === '' ? undefined : JSON.parse(text)) as T;
  if (status === 404) {
    throw new LifeboatError('engine.refused', `the engine knows no ${way}`, {
      hint: 'Is a worker of that site registered? Start one: lifeboat worker --site SITE.',
    });
  }
  throw new LifeboatError('engine.refused', `the engine answered ${status} to ${way}: ${text.slice(0, 300)}`, {
    hint: 'Its log says more.',
  });
}

/** Nobody listened there: what was to be sent was not. After any other failure the engine may have it. */
function neverLeft(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'].includes(
    String((cause as { code?: unknown } | undefined)?.code),
  );
}

const nobodyKnows = (cause: LifeboatError): LifeboatError =>
  new LifeboatError('engine.unreachable', `${cause.message}; nobody knows whether it took what it was given`, {
    hint: 'It goes on with it when it is back. Look there (lifeboat runs, on a machine of the site that leads) before anything is begun again.',
    cause,
  });

const unreachable = (base: string, error: unknown): LifeboatError => {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return new LifeboatError('engine.unreachable', `the engine at ${base} does not answer: ${messageOf(cause)}`, {
    hint: 'Start its server, or recover without it: lifeboat recover SCENARIO (the default engine is this process).',
    cause: error,
  });
};
