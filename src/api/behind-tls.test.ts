import { request as plainRequest } from 'node:http';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../core/index.ts';
import { localCertificate } from '../communications/testing/mail-server.ts';
import { goodPassword, ServedApi } from './testing/served-api.ts';

/** A proxy as people put before `serve --without-tls`: speaks TLS, and hands on what was asked with the host that was asked. */
async function proxyTo(served: ServedApi): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer(await localCertificate(), (asked, answer) => {
    const { method, url, headers } = asked;
    const on = plainRequest({ host: '127.0.0.1', port: served.port, method, path: url, headers }, (given) => {
      answer.writeHead(given.statusCode ?? 0, given.headers);
      given.pipe(answer);
    });
    asked.pipe(on);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

let served: ServedApi;
let proxy: Awaited<ReturnType<typeof proxyTo>>;
beforeAll(async () => {
  served = await ServedApi.start(undefined, { behind: ['127.0.0.1'] });
  await served.account('ada', 'admin');
  proxy = await proxyTo(served);
});
afterAll(async () => {
  await proxy.close();
  await served.remove();
});

interface Given {
  readonly status: number;
  readonly cookie: string;
  readonly text: string;
}

/** As a page that was loaded from `origin` asks. */
function ask(path: string, body: unknown, headers: Record<string, string>): Promise<Given> {
  const text = JSON.stringify(body);
  const host = `localhost:${proxy.port}`;
  return new Promise((resolve, reject) => {
    const asking = request(
      {
        host: '127.0.0.1',
        port: proxy.port,
        path: `/api/v1${path}`,
        method: 'POST',
        rejectUnauthorized: false,
        headers: { host, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers },
        agent: false,
      },
      async (answer) => {
        let said = '';
        for await (const piece of answer) said += String(piece);
        resolve({ status: answer.statusCode ?? 0, cookie: String(answer.headers['set-cookie'] ?? ''), text: said });
      },
    );
    asking.on('error', reject);
    asking.end(text);
  });
}

describe('a page that came by TLS through somebody before us', () => {
  it('signs people in by a cookie that goes by TLS alone, and changes what they may', async () => {
    const ours = { origin: `https://localhost:${proxy.port}`, 'sec-fetch-site': 'same-origin' };
    const signedIn = await ask('/session', { name: 'ada', password: goodPassword }, ours);
    expect(signedIn.status).toBe(200);
    expect(signedIn.cookie.split('; ')).toEqual(expect.arrayContaining(['Secure', 'HttpOnly', 'SameSite=Strict']));
    const { csrf } = JSON.parse(signedIn.text) as { csrf: string };
    const headers = { ...ours, cookie: signedIn.cookie.split(';')[0] ?? '', 'lifeboat-csrf': csrf };
    expect((await ask('/tokens', { name: 'nightly', role: 'viewer', days: 1 }, headers)).status).toBe(201);
  });

  it('is told apart from others who come that way, and cannot say that they are somebody else', async () => {
    const ours = { origin: `https://localhost:${proxy.port}` };
    const from = (address: string, password: string) =>
      ask('/session', { name: 'ada', password }, { ...ours, 'x-forwarded-for': address }).then(({ status }) => status);
    // The last is what a proxy adds: whom its connection comes from.
    for (let tries = 0; tries < limits.signInFailuresOfAccount; tries += 1)
      expect(await from(`198.51.100.${tries}, 203.0.113.5`, 'a guess')).toBe(401);
    expect(await from('192.0.2.1, 203.0.113.5', goodPassword)).toBe(429);
    expect(await from('203.0.113.5, 203.0.113.6', goodPassword)).toBe(200);
    const { records } = await served.client('admin').audit({ limit: 1, find: 'POST session' });
    expect(records[0]?.from).toBe('203.0.113.6');
  });

  it('of somebody else changes nothing', async () => {
    for (const origin of [
      'https://evil.example',
      'http://evil.example',
      'null',
      `https://localhost.evil:${proxy.port}`,
      `ftp://localhost:${proxy.port}`,
    ])
      expect([origin, (await ask('/session', { name: 'ada', password: goodPassword }, { origin })).status]).toEqual([
        origin,
        403,
      ]);
  });
});
