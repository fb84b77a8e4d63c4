import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Behaviour } from '../notifier.suite.ts';

/** What was posted to it. */
export interface Posted {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Our own stand-in for whoever takes messages by HTTP: takes what is posted to it, and answers as it is told. */
export interface Receiver {
  readonly url: string;
  readonly posted: Posted[];
  /** The same byte for byte, without the signature: the moment in that is another each time. */
  readonly came: readonly string[];
  /** How often anybody connected to it, whatever was said then. */
  readonly connections: number;
  /** The status of answers; `silent`: none comes. 200 unless told. */
  answer: number | 'silent';
  /** What is answered, with which headers; undefined: a word of thanks, or no. */
  says: ((posted: Posted) => { readonly body: string; readonly headers?: Record<string, string> }) | undefined;
  behave(how: Behaviour): Promise<void>;
  close(): Promise<void>;
}

const answers: Readonly<Record<Behaviour, number | 'silent'>> = {
  takes: 200,
  refuses: 410,
  'is full': 503,
  'is silent': 'silent',
  'is away': 200,
};

export async function startReceiver(): Promise<Receiver> {
  const posted: Posted[] = [];
  const server: Server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const one = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(pieces).toString('utf8') };
    posted.push(one);
    if (receiver.answer === 'silent') return;
    const { body, headers = {} } = receiver.says?.(one) ?? { body: receiver.answer < 300 ? 'thanks' : 'no' };
    response.writeHead(receiver.answer, headers).end(body);
  });
  let connections = 0;
  server.on('connection', () => void (connections += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/path-that-lets-one-in`,
    posted,
    get came() {
      return posted.map(({ path, headers, body }) =>
        JSON.stringify([path, { ...headers, 'lifeboat-signature': undefined }, body]),
      );
    },
    get connections() {
      return connections;
    },
    answer: 200,
    says: undefined,
    behave: async (how) => {
      if (how === 'is away') return receiver.close();
      receiver.answer = answers[how];
    },
    close: async () => {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return receiver;
}
