import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import type { StepPacket } from '../../procedures/index.ts';
import { elsewhereBy } from './elsewhere.ts';

let server: Server | undefined;
afterEach(() => new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve))));

/** An engine that answers so when it is given work, and so when it is asked for its end; returns its address. */
async function answering(send: readonly [number, string], output: readonly [number, string]): Promise<string> {
  server = createServer((request, response) => {
    const [status, body] = request.url?.endsWith('/send') === true ? send : output;
    response.writeHead(status, { connection: 'close' }).end(body);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const packet = { key: 'run/act/1', step: { id: 'act' } } as StepPacket;
const asked = async (at: string, ms = 60_000): Promise<unknown> =>
  elsewhereBy({ at, site: 'here', clock: systemClock }).step('there', packet, AbortSignal.timeout(ms));
const taken = [202, JSON.stringify({ invocationId: 'inv_1' })] as const;

describe('a step that was given to an engine', () => {
  it.each([404, 409])('is in doubt when that answers %i to who asks for its end: it was taken', async (status) => {
    await expect(asked(await answering(taken, [status, '{}']))).rejects.toMatchObject({ code: 'step.in_doubt' });
  });

  it('was not begun when that does not take it', async () => {
    await expect(asked(await answering([404, '{}'], [500, '']))).rejects.toMatchObject({ code: 'engine.refused' });
  });

  it('may have been taken by one that fails: it is given again, until nobody waits', async () => {
    await expect(asked(await answering([503, ''], [500, '']), 300)).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
