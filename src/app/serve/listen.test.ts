import { connect, type Socket } from 'node:net';
import { request } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localCertificate } from '../../communications/testing/mail-server.ts';
import { LifeboatError, limits, systemClock } from '../../core/index.ts';
import { listen, type Listening } from './listen.ts';

let listening: Listening;
let asked = 0;
const text = 'text/plain; version=0.0.4; charset=utf-8' as const;
beforeEach(async () => {
  asked = 0;
  listening = await listen(
    { host: '127.0.0.1', port: 0 },
    {
      '/metrics': () => {
        asked += 1;
        return { status: 200, type: text, body: 'up 1\n' };
      },
      '/broken': () => {
        throw new LifeboatError('disk.io', 'the password is hunter2');
      },
    },
  );
});
afterEach(() => listening.close());

/** Sends bytes as they are and reads until the other side ends, or for so long. */
async function raw(bytes: string, waitMs = 5000): Promise<string> {
  const socket: Socket = connect(Number(new URL(listening.url).port), '127.0.0.1');
  let answer = '';
  socket.on('data', (piece) => (answer += piece.toString()));
  socket.on('error', () => {}); // cut off: that is an answer too
  socket.write(bytes);
  const ended = new Promise((resolve) => socket.once('close', resolve));
  const timer = setTimeout(() => socket.destroy(), waitMs);
  await ended;
  clearTimeout(timer);
  return answer;
}
const statusOf = (method: string, path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const asking = request(`${listening.url}`, { method, path }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asking.once('error', reject);
    asking.end(method === 'POST' ? 'x'.repeat(1000) : undefined);
  });

describe('what is told over HTTP', () => {
  it('is the paths that there are, and nothing else: no file, no way around, no other method', async () => {
    const answer = await fetch(`${listening.url}/metrics?format=any`);
    expect([answer.status, await answer.text()]).toEqual([200, 'up 1\n']);
    expect(answer.headers.get('content-type')).toBe(text);
    for (const path of [
      '/',
      '/etc/passwd',
      '/../../etc/passwd',
      '/metrics/../etc',
      '/%2e%2e/',
      '/constructor',
      '/__proto__',
    ])
      expect([path, await statusOf('GET', path)]).toEqual([path, 404]);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) expect(await statusOf(method, '/metrics')).toBe(405);
    expect(await statusOf('HEAD', '/metrics')).toBe(200);
  });

  it('never shows the words of an error, which may hold anything', async () => {
    const answer = await fetch(`${listening.url}/broken`);
    expect([answer.status, await answer.text()]).toEqual([500, 'disk.io\n']);
  });

  it('is not kept from others by heads without an end, bytes without sense, or many who say nothing', async () => {
    expect(await raw(`GET /metrics HTTP/1.1\r\nx: ${'y'.repeat(2 * limits.requestBytesMax)}\r\n\r\n`)).toContain(
      ' 431 ',
    );
    expect(await raw('\0\0\0\r\n\r\n')).toContain(' 400 ');
    const silent = Array.from({ length: limits.connectionsMax - 2 }, () =>
      connect(Number(new URL(listening.url).port), '127.0.0.1'),
    );
    for (const socket of silent) socket.on('error', () => {}); // cut off at the end
    expect((await fetch(`${listening.url}/metrics`)).status).toBe(200);
    for (const socket of silent) socket.destroy();
    expect(asked).toBe(1);
  });

  it('is what others answer where it is no path of ours, and a body that comes too slowly is not waited for', async () => {
    const bodies: string[] = [];
    const other = await listen(
      { host: '127.0.0.1', port: 0 },
      { '/healthz': () => ({ status: 200, type: 'application/json', body: '{}' }) },
      {
        requestMs: 500,
        rest: (question, response) => {
          let body = '';
          question.on('data', (piece: Buffer) => (body += piece.toString()));
          question.on('end', () => void bodies.push(body));
          question.on('end', () => response.end('others'));
        },
      },
    );
    try {
      expect(await (await fetch(`${other.url}/api/v1/any`)).text()).toBe('others');
      expect(await (await fetch(`${other.url}/healthz`)).text()).toBe('{}');
      const socket = connect(Number(new URL(other.url).port), '127.0.0.1');
      let answer = '';
      socket.on('data', (piece) => (answer += piece.toString()));
      socket.on('error', () => {}); // cut off: that is an answer too
      socket.write('POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{');
      await new Promise((resolve) => socket.once('close', resolve));
      expect(answer).toContain(' 408 ');
      expect(bodies).toEqual(['']);
    } finally {
      await other.close();
    }
  });

  it('at a place that is taken is refused with its name', async () => {
    const port = Number(new URL(listening.url).port);
    await expect(listen({ host: '127.0.0.1', port }, {})).rejects.toMatchObject({
      code: 'port.taken',
      message: expect.stringContaining(String(port)),
    });
  });

  it('is cut off for whoever reads none of it', async () => {
    const body = 'x'.repeat(64 * 2 ** 20);
    const big = await listen(
      { host: '127.0.0.1', port: 0 },
      { '/metrics': () => ({ status: 200, type: text, body }) },
      { idleMs: 300 },
    );
    try {
      const socket = connect(Number(new URL(big.url).port), '127.0.0.1');
      let bytes = 0;
      socket.on('error', () => {}); // reset: that is what is expected
      socket.write('GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n');
      await systemClock.sleep(1500);
      socket.on('data', (piece) => (bytes += piece.length));
      await new Promise((resolve) => socket.once('close', resolve));
      expect(bytes).toBeLessThan(body.length);
    } finally {
      await big.close();
    }
  });

  it('is told by TLS where there is a certificate, and by nothing else', async () => {
    const { key, cert } = await localCertificate();
    const secure = await listen(
      { host: '127.0.0.1', port: 0, tls: { certificate: cert, key } },
      { '/metrics': () => ({ status: 200, type: text, body: 'up 1\n' }) },
    );
    try {
      const port = Number(new URL(secure.url).port);
      const answer = await new Promise<string>((resolve, reject) => {
        const asking = secureRequest({ host: '127.0.0.1', port, path: '/metrics', ca: cert, servername: 'localhost' });
        asking.once('response', (response) => {
          const { socket } = response;
          resolve(`${response.statusCode} ${(socket as TLSSocket).getProtocol()}`);
          response.resume();
        });
        asking.once('error', reject);
        asking.end();
      });
      expect(answer).toMatch(/^200 TLSv1\.[23]$/);
      const plain = request({ host: '127.0.0.1', port, path: '/metrics' }).end();
      await expect(
        new Promise((resolve, reject) => void plain.once('response', resolve).once('error', reject)),
      ).rejects.toThrow(/hang up|ECONNRESET|reset/);
    } finally {
      await secure.close();
    }
    const broken = listen({ host: '127.0.0.1', port: 0, tls: { certificate: cert, key: 'no key' } }, {});
    await expect(broken).rejects.toMatchObject({ code: 'input.file' });
  });
});
