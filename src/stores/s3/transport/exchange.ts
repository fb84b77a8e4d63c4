import { Agent as PlainAgent, request as plainRequest, type IncomingMessage } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { LifeboatError, limits, systemCodeOf } from '../../../core/index.ts';
import { stopped } from '../../stopped.ts';
import { wayError } from './errors.ts';

/** One signed request as it goes over the wire. */
export interface Head {
  readonly method: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: Record<string, string>;
}

/** Connections to one server, kept for the next request. */
export interface Wire {
  /**
   * Sends one request and resolves with the head of its answer; who asked reads the body, or destroys it. At the end of the answer
   * nothing more of the request is sent. Throws `store.unreachable`, and what the signal says.
   */
  exchange(head: Head, body: readonly Uint8Array[], where: string, signal?: AbortSignal): Promise<IncomingMessage>;
  close(): void;
}

/** Proxies by `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, further authorities by `NODE_EXTRA_CA_CERTS`, as everywhere in Node. */
export function openWire(secure: boolean, silenceMs: number = limits.storeSilenceMs): Wire {
  const options = { keepAlive: true, maxSockets: limits.storeConnectionsMax, proxyEnv: process.env };
  const agent = secure ? new SecureAgent(options) : new PlainAgent(options);
  const open = secure ? secureRequest : plainRequest;
  return {
    exchange: async (head, body, where, signal) => {
      const once = (): Promise<IncomingMessage> =>
        new Promise((resolve, reject) => {
          let answer: IncomingMessage | undefined;
          const request = open({ ...head, agent, timeout: silenceMs, ...(signal === undefined ? {} : { signal }) });
          const fail = (error: Error): void => {
            const stale = request.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(systemCodeOf(error) ?? '');
            reject(stale && answer === undefined ? new StaleConnection(error) : error);
          };
          request.on('timeout', () => (answer ?? request).destroy(silent(where, silenceMs)));
          request.on('error', fail);
          request.once('response', (message) => {
            // Who is answered uses the memory of the body again: what was not sent until then must never be.
            message.once('end', () => request.writableFinished || request.destroy());
            resolve((answer = message));
          });
          for (const part of body) if (part.length > 0) request.write(part);
          request.end();
        });
      try {
        return await again(once, head);
      } catch (error) {
        if (signal?.aborted) throw stopped(signal);
        throw wayError(error instanceof StaleConnection ? error.reason : error, where);
      }
    },
    close: () => agent.destroy(),
  };
}

/** A kept connection that the server had closed: nothing was said against the request itself. */
class StaleConnection extends Error {
  readonly reason: unknown;

  constructor(reason: unknown) {
    super('the server had closed the connection');
    this.reason = reason;
  }
}

/** Once more on another connection, unless the request could have been done: a create that is repeated meets itself. */
async function again(once: () => Promise<IncomingMessage>, { headers }: Head): Promise<IncomingMessage> {
  for (let stale = 0; ; stale += 1) {
    try {
      return await once();
    } catch (error) {
      const repeatable = headers['if-none-match'] === undefined && stale < limits.storeConnectionsMax;
      if (!(error instanceof StaleConnection && repeatable)) throw error;
    }
  }
}

const silent = (where: string, silenceMs: number): LifeboatError =>
  new LifeboatError('store.unreachable', `the store said nothing for ${silenceMs / 1000} s`, { where });

/** The whole body of an answer that is small by nature. Throws `store.io` where it is larger, or broke off. */
export async function collect(message: IncomingMessage, bytesMax: number, where: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of message as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > bytesMax)
        throw new LifeboatError('store.io', `the answer is larger than ${bytesMax} bytes`, { where });
      pieces.push(piece);
    }
  } catch (error) {
    throw wayError(error, where);
  }
  return Buffer.concat(pieces);
}
