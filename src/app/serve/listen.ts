import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { LifeboatError, limits, messageOf } from '../../core/index.ts';

export interface Answer {
  readonly status: number;
  readonly type: 'text/plain; version=0.0.4; charset=utf-8' | 'application/json';
  readonly body: string;
}

export interface Listening {
  /** Where it answers: `http://127.0.0.1:9807`. */
  readonly url: string;
  close(): Promise<void>;
}

export interface ListenPlace {
  readonly host: string;
  readonly port: number;
  /** PEM: then nothing is answered that did not come by TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined;
}

export interface ListenOptions {
  /** Answers every path that is not among the routes; without it there is nothing there. */
  readonly rest?: RequestListener | undefined;
  /** How long a whole request may take to arrive; default: `limits.requestMs`. */
  readonly requestMs?: number;
  /** How long a connection on which nothing moves is kept; default: `limits.readerIdleMs`. */
  readonly idleMs?: number;
}

/**
 * Answers questions of machines: GET of a few paths, nothing is changed by any, and nothing that is sent is read; `rest` answers all others. Throws
 * `port.taken`, and `input.file` for a certificate or key that cannot be used.
 */
export async function listen(
  { host, port, tls }: ListenPlace,
  routes: Readonly<Record<string, () => Answer>>,
  { rest, requestMs = limits.requestMs, idleMs = limits.readerIdleMs }: ListenOptions = {},
): Promise<Listening> {
  const bounds = {
    maxHeaderSize: limits.requestBytesMax,
    requestTimeout: requestMs,
    headersTimeout: requestMs,
    keepAliveTimeout: limits.requestMs,
    connectionsCheckingInterval: Math.ceil(requestMs / 4),
  };
  const handle: RequestListener = (request, response) => {
    if (rest !== undefined && !Object.hasOwn(routes, pathOf(request))) rest(request, response);
    else answer(request, response, routes);
  };
  const server = tls === undefined ? createServer(bounds, handle) : secureServer(tls, bounds, handle);
  server.maxConnections = limits.connectionsMax;
  server.timeout = idleMs;
  await begin(server, host, port);
  // What fails from now on (no more open files, for one connection) ends that connection; the schedule goes on.
  server.on('error', () => {});
  const { port: given } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${given}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function secureServer(
  { certificate, key }: NonNullable<ListenPlace['tls']>,
  bounds: object,
  handle: RequestListener,
): Server {
  try {
    const settings = {
      ...bounds,
      cert: certificate,
      key,
      minVersion: 'TLSv1.2',
      handshakeTimeout: limits.requestMs,
    } as const;
    // Who connects and says nothing is not waited for.
    return createSecureServer(settings, handle);
  } catch (error) {
    throw new LifeboatError('input.file', `the certificate and its key cannot be used: ${messageOf(error)}`, {
      hint: 'Both are PEM files, the key without a passphrase and of this certificate.',
      cause: error,
    });
  }
}

function begin(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new LifeboatError('port.taken', `nobody can be answered at ${host}, port ${port}: ${messageOf(error)}`, {
          hint: 'Name another place: --listen 127.0.0.1:0 takes any free port.',
          cause: error,
        }),
      ),
    );
    server.listen(port, host, () => resolve());
  });
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: Readonly<Record<string, () => Answer>>,
): void {
  // What is sent along is not wanted: it is let pass, within the time of a request.
  request.resume();
  const path = pathOf(request);
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  const { status, type, body } = answerOf(request.method, route);
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0] ?? '';

function answerOf(method: string | undefined, route: (() => Answer) | undefined): Answer {
  const plain = (status: number, body: string): Answer => ({
    status,
    type: 'text/plain; version=0.0.4; charset=utf-8',
    body,
  });
  if (route === undefined) return plain(404, 'There are /metrics, /healthz and /livez.\n');
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'Only GET.\n');
  try {
    return route();
  } catch (error) {
    // The words of an error may hold what is nobody's business here; the log has them.
    return plain(500, `${error instanceof LifeboatError ? error.code : 'internal'}\n`);
  }
}
