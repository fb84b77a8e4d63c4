import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What was posted to it. */
export interface Posted {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A server that takes what is posted to it, and answers as it is told. */
export interface Receiver {
  readonly url: string;
  readonly posted: Posted[];
  /** The status of answers; `silent`: none comes. 200 unless told. */
  answer: number | 'silent';
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const posted: Posted[] = [];
  const server: Server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    posted.push({ headers: request.headers, body: Buffer.concat(pieces).toString('utf8') });
    if (receiver.answer === 'silent') return;
    response.writeHead(receiver.answer).end(receiver.answer === 200 ? 'thanks' : 'no');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/path-that-lets-one-in`,
    posted,
    answer: 200,
    close: async () => {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return receiver;
}
