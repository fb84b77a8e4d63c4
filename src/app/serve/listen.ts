import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
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

/**
 * Answers questions of machines: GET of a few paths, nothing is changed by any, and nothing that is sent is read. Throws `port.taken`.
 */
export async function listen(
  { host, port }: { readonly host: string; readonly port: number },
  routes: Readonly<Record<string, () => Answer>>,
): Promise<Listening> {
  const server = createServer(
    {
      maxHeaderSize: limits.requestBytesMax,
      requestTimeout: limits.requestMs,
      headersTimeout: limits.requestMs,
      keepAliveTimeout: limits.requestMs,
    },
    (request, response) => answer(request, response, routes),
  );
  server.maxConnections = limits.connectionsMax;
  await begin(server, host, port);
  const { port: given } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${given}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
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
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
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

function answerOf(method: string | undefined, route: (() => Answer) | undefined): Answer {
  const plain = (status: number, body: string): Answer => ({
    status,
    type: 'text/plain; version=0.0.4; charset=utf-8',
    body,
  });
  if (route === undefined) return plain(404, 'There is /metrics, and /healthz.\n');
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'Only GET.\n');
  try {
    return route();
  } catch (error) {
    // The words of an error may hold what is nobody's business here; the log has them.
    return plain(500, `${error instanceof LifeboatError ? error.code : 'internal'}\n`);
  }
}
