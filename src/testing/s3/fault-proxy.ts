import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * - `unavailable`: 503 before anything is done;
 * - `reset`: the connection is cut before anything is done;
 * - `lostReply`: done, and the connection cut instead of an answer;
 * - `truncated`: half of the body, and the connection cut;
 * - `stall`: nothing is done, and nothing said;
 * - `stallBody`: half of the body, and nothing more.
 */
export type WireFault = 'unavailable' | 'reset' | 'lostReply' | 'truncated' | 'stall' | 'stallBody';

export interface FaultProxy {
  readonly endpoint: string;
  /** Asked of each request before it goes on. */
  meet: (request: { method: string; path: string; number: number }) => WireFault | undefined;
  /** Requests so far. */
  count(): number;
  close(): Promise<void>;
}

/** Stands before a real server and lets requests through as they are, signature and all, but for those that meet a fault. */
export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const state = { count: 0 };
  const server = createServer((incoming, outgoing) => {
    state.count += 1;
    incoming.on('error', () => {}); // a client that was cut off cuts back
    const fault = proxy.meet({ method: incoming.method ?? '', path: incoming.url ?? '', number: state.count });
    if (fault === 'reset') return void incoming.socket.destroy();
    if (fault === 'stall') return void incoming.resume();
    if (fault === 'unavailable') {
      incoming.resume();
      outgoing.writeHead(503).end('<Error><Code>SlowDown</Code></Error>');
      return;
    }
    forward(incoming, outgoing, targetPort, fault);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: FaultProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    meet: () => undefined,
    count: () => state.count,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}

function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  port: number,
  fault: WireFault | undefined,
): void {
  const { method, url: path, headers } = incoming;
  const onward = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
    const pieces: Buffer[] = [];
    answer.on('data', (piece: Buffer) => pieces.push(piece));
    answer.on('end', () => {
      const body = Buffer.concat(pieces);
      if (fault === 'lostReply') return void incoming.socket.destroy();
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      if (fault === undefined) return void outgoing.end(body);
      outgoing.write(body.subarray(0, body.length / 2), () => {
        if (fault === 'truncated') incoming.socket.destroy();
      });
    });
  });
  onward.on('error', () => incoming.socket.destroy());
  incoming.pipe(onward);
}
