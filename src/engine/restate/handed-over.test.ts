import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { freePort, systemClock } from '../../core/index.ts';
import { fastClock } from '../../procedures/testing/fast-clock.ts';
import { ingressAt } from './ingress.ts';

let server: Server | undefined;
afterEach(() => void server?.close());

/** An engine that takes a request and dies before it answers, so many times. */
async function dyingEngine(deaths: number): Promise<{ at: string; taken: string[] }> {
  const taken: string[] = [];
  server = createServer((request, response) => {
    taken.push(request.url ?? '');
    if (taken.length <= deaths) request.socket.destroy();
    else response.end('{"invocationId":"one"}');
  });
  await new Promise<void>((listens) => void server?.listen(0, '127.0.0.1', listens));
  return { at: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, taken };
}

it('a run whose engine died before it answered is handed over again, as the same run', async () => {
  const { at, taken } = await dyingEngine(2);
  await ingressAt(at, systemClock).handOver('/site.home/run-1/run', {});
  expect(taken).toEqual(Array.from({ length: 3 }, () => '/site.home/run-1/run/send'));
});

it('where nobody ever answers it is said that nobody knows, and to look before it is begun again', async () => {
  const { at } = await dyingEngine(Number.POSITIVE_INFINITY);
  const handed = ingressAt(at, fastClock(1000)).handOver('/site.home/run-1/run', {});
  await expect(handed).rejects.toMatchObject({
    code: 'engine.unreachable',
    message: expect.stringContaining('nobody knows'),
    hint: expect.stringContaining('before anything is begun again'),
  });
});

it('an engine that nobody reaches is not waited for: nothing has left this machine', async () => {
  const handed = ingressAt(`http://127.0.0.1:${await freePort()}`, fastClock(1000)).handOver(
    '/site.home/run-1/run',
    {},
  );
  await expect(handed).rejects.toMatchObject({
    code: 'engine.unreachable',
    message: expect.not.stringContaining('nobody knows'),
  });
});
