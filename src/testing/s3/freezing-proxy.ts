import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What no server that can be had here does: the class GLACIER freezes, and thaws when it is asked for. */
export interface FreezingProxy {
  readonly endpoint: string;
  /** The objects (`/bucket/key`) whose thaw was asked for, in that order. */
  readonly asked: readonly string[];
  /** Ends the thaws that are under way. */
  finishThaws(): void;
  close(): Promise<void>;
}

type State = 'frozen' | 'thawing' | 'thawed';

/**
 * Stands before a real server that knows the class, lets requests through as they are, and answers as Amazon does for what lies in it: no
 * bytes before a thaw, its state in the head of an object, a thaw that somebody asks for.
 */
export async function startFreezingProxy(targetPort: number): Promise<FreezingProxy> {
  const states = new Map<string, State>();
  const asked: string[] = [];
  const server = createServer((incoming, outgoing) => {
    incoming.on('error', () => {}); // a client that was cut off cuts back
    const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://proxy');
    const state = states.get(pathname);
    if (searchParams.has('restore')) {
      incoming.resume();
      if (state === 'thawing') return refuse(outgoing, 409, 'RestoreAlreadyInProgress');
      asked.push(pathname);
      states.set(pathname, 'thawing');
      return void outgoing.writeHead(202, { 'content-length': 0 }).end();
    }
    const isRead = incoming.method === 'GET' && searchParams.size === 0;
    if (isRead && (state === 'frozen' || state === 'thawing')) {
      incoming.resume();
      return refuse(outgoing, 403, 'InvalidObjectState');
    }
    forward(incoming, outgoing, targetPort, (answer) => {
      const status = answer.statusCode ?? 500;
      if (incoming.method === 'PUT' && status < 300) {
        if (incoming.headers['x-amz-storage-class'] === 'GLACIER') states.set(pathname, 'frozen');
        else if (searchParams.size === 0) states.delete(pathname);
      }
      return state === undefined ? {} : { 'x-amz-storage-class': 'GLACIER', ...restoreOf[state] };
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    finishThaws: () => {
      for (const [name, state] of states) if (state === 'thawing') states.set(name, 'thawed');
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const restoreOf: Readonly<Record<State, Record<string, string>>> = {
  frozen: {},
  thawing: { 'x-amz-restore': 'ongoing-request="true"' },
  thawed: { 'x-amz-restore': 'ongoing-request="false", expiry-date="Fri, 25 Dec 2099 00:00:00 GMT"' },
};

function refuse(outgoing: ServerResponse, status: number, code: string): void {
  const text = `<Error><Code>${code}</Code><StorageClass>GLACIER</StorageClass></Error>`;
  outgoing.writeHead(status, { 'content-length': Buffer.byteLength(text) }).end(text);
}

function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  port: number,
  more: (answer: IncomingMessage) => Record<string, string>,
): void {
  const { method, url: path, headers } = incoming;
  const onward = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 500, { ...answer.headers, ...more(answer) });
    answer.pipe(outgoing);
  });
  onward.on('error', () => incoming.socket.destroy());
  incoming.pipe(onward);
}
