import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { collect, openWire, type Wire } from './exchange.ts';

let server: Server | undefined;
let wire: Wire | undefined;

afterEach(() => {
  wire?.close();
  server?.close();
});

/** A server that answers as soon as it has the head, and reads the body only when it is told to. */
async function startHasty(answer: string): Promise<{ port: number; readOn: () => Promise<Buffer> }> {
  const met = Promise.withResolvers<Socket>();
  server = createServer((socket) => {
    socket.once('data', () => {
      socket.pause();
      socket.write(answer);
      met.resolve(socket);
    });
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    readOn: async () => {
      const socket = await met.promise;
      const rest: Buffer[] = [];
      for await (const piece of socket as AsyncIterable<Buffer>) {
        rest.push(piece);
        if (piece.includes('b')) break;
      }
      return Buffer.concat(rest);
    },
  };
}

it('a request that is answered before its body was read sends no more of it: its memory is used again', async () => {
  const { port, readOn } = await startHasty('HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno!');
  const body = Buffer.alloc(64 * 2 ** 20, 'a');
  wire = openWire(false);
  const head = { method: 'PUT', host: '127.0.0.1', port, path: '/', headers: { 'content-length': `${body.length}` } };
  const message = await wire.exchange(head, [body], 'here');
  expect((await collect(message, 100, 'here')).toString()).toBe('no!');
  body.fill('b');
  const arrived = await readOn();
  expect(arrived.includes('b')).toBe(false);
  expect(arrived.length).toBeLessThan(body.length);
});
