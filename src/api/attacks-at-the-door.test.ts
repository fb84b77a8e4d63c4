import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits, systemClock } from '../core/index.ts';
import { localCertificate } from '../communications/testing/mail-server.ts';
import { Accounts } from './security/accounts.ts';
import { goodPassword, ServedApi } from './testing/served-api.ts';

let served: ServedApi;
beforeAll(async () => {
  served = await ServedApi.start();
  for (const name of ['ada', 'bob', 'eve', 'kim']) await served.account(name, 'admin');
});
afterAll(() => served.remove());

const asJson = { 'content-type': 'application/json' };
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const signIn = async (name: string, password: string, from = '127.0.0.1', more: Record<string, string> = {}) => {
  const body = JSON.stringify({ name, password });
  return (await served.raw('POST', '/api/v1/session', { ...asJson, ...more }, body, from)).status;
};

describe('who guesses passwords', () => {
  it('is counted by where the connection comes from, whatever its headers say', async () => {
    const places = Array.from({ length: limits.signInFailuresOfAccount + 1 }, (_, index) => `198.51.100.${index}`);
    const statuses: number[] = [];
    for (const place of places) {
      const headers = { 'x-forwarded-for': place, forwarded: `for=${place}`, 'x-real-ip': place };
      statuses.push(await signIn('bob', 'a guess', '127.0.0.3', headers));
    }
    expect(statuses).toEqual([...places.slice(1).map(() => 401), 429]);
  });

  it('from elsewhere locks nobody out, and is stopped in the end wherever it comes from', async () => {
    for (let tries = 0; tries <= limits.signInFailuresOfAccount; tries += 1)
      await signIn('ada', 'a guess', '127.0.0.4');
    expect(await signIn('ada', goodPassword, '127.0.0.4')).toBe(429);
    expect(await signIn('ada', goodPassword)).toBe(200);
    // Many hosts, each a few times.
    const most = limits.signInFailuresAnywhere;
    let refused = 0;
    for (let tries = 0; tries < most + 5 && refused === 0; tries += 4) {
      const from = `127.0.1.${tries / 4 + 1}`;
      const statuses = await Promise.all(Array.from({ length: 4 }, () => signIn('kim', 'a guess', from)));
      refused = statuses.filter((status) => status === 429).length;
    }
    expect(refused).toBeGreaterThan(0);
  });

  it('is not who signs in: a house of many people does so from one address', async () => {
    for (let people = 0; people <= limits.signInFailuresOfAddress; people += 1)
      expect(await signIn('eve', goodPassword, '127.0.0.5')).toBe(200);
  });

  it('does not learn from how long it takes who has an account', async () => {
    const accounts = new Accounts(served.state, systemClock);
    const timeOf = async (name: string): Promise<number> => {
      const before = performance.now();
      await accounts.check(name, 'a guess');
      return performance.now() - before;
    };
    try {
      // In turns, and the quickest of each: what else the machine does makes both slow.
      const [known, nobody]: [number[], number[]] = [[], []];
      for (let tries = 0; tries < 10; tries += 1) {
        known.push(await timeOf('ada'));
        nobody.push(await timeOf('nobody'));
      }
      const share = Math.min(...nobody) / Math.min(...known);
      expect(share).toBeGreaterThan(0.5);
      expect(share).toBeLessThan(2);
    } finally {
      accounts.close();
    }
  });
});

describe('who has no account', () => {
  it('fills no journal: of what may not even be tried there is no record', async () => {
    const records = async (): Promise<number> =>
      (await served.client('admin').audit({ limit: 1_000 })).records.filter(({ from }) => from === '127.0.0.6').length;
    const setUp = { name: 'mallory', password: goodPassword, code: 'aaaaa-aaaaa-aaaaa-aaaaa' };
    const ask = async (method: string, path: string, body: unknown): Promise<number> =>
      (await served.raw(method, `/api/v1/${path}`, asJson, JSON.stringify(body), '127.0.0.6')).status;
    for (let tries = 0; tries < 3 * limits.signInFailuresOfAddress; tries += 1) {
      await ask('POST', 'session', { name: `guess-${tries}`, password: 'a guess' });
      await ask('POST', 'setup', setUp);
      await ask('DELETE', 'session', {});
    }
    expect(await records()).toBe(limits.signInFailuresOfAddress);
  });

  it('nor does one who has take all places of those who listen', async () => {
    const headers = bearer(served.token('viewer'));
    const ending = new AbortController();
    // An answer that nobody holds is collected, and its connection with it.
    const held: Response[] = [];
    const listen = async (by: Record<string, string>): Promise<number> => {
      const answer = await fetch(`${served.url}/api/v1/events`, { headers: by, signal: ending.signal });
      held.push(answer);
      return answer.status;
    };
    for (let place = 0; place < limits.listenersOfOneMax; place += 1) expect(await listen(headers)).toBe(200);
    expect(await listen(headers)).toBe(429);
    expect(await listen(bearer(served.token('viewer')))).toBe(200);
    ending.abort();
    expect(held).toHaveLength(limits.listenersOfOneMax + 2);
  });
});

describe('what comes over the wire', () => {
  it('gives no object a trait that it has not (prototype pollution)', async () => {
    const admin = { ...asJson, ...bearer(served.token('admin')) };
    const account = `{"name":"mallory","role":"viewer","password":"${goodPassword}","__proto__":{"role":"admin"}}`;
    const made = await served.raw('POST', '/api/v1/accounts', admin, account);
    const accounts = (await served.get('/accounts', admin)).json as unknown as {
      accounts: { name: string; role: string }[];
    };
    // Refused, or made without it.
    expect([400, 201]).toContain(made.status);
    expect(accounts.accounts.filter(({ name, role }) => name === 'mallory' && role !== 'viewer')).toEqual([]);
    for (const trap of ['__proto__', 'constructor', 'prototype']) {
      const run = `{"what":"dry","scenario":"${trap}","parameters":{"${trap}":{"polluted":"yes"}}}`;
      expect((await served.raw('POST', '/api/v1/runs', admin, run)).status).toBeLessThan(500);
    }
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });

  it('is not unpacked: a kilobyte that would be a gigabyte is no JSON', async () => {
    const bomb = gzipSync(Buffer.alloc(32 * 2 ** 20, ' '));
    expect(bomb.length).toBeLessThan(limits.apiBodyBytesMax);
    const headers = { ...asJson, 'content-encoding': 'gzip', 'content-length': String(bomb.length) };
    expect((await served.raw('POST', '/api/v1/session', headers, bomb)).status).toBe(400);
  });

  it.each([
    ['two lengths', 'Content-Length: 2\r\nContent-Length: 40\r\n'],
    ['a length and pieces', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n'],
    ['pieces under a name of its own', 'Transfer-Encoding: xchunked\r\n'],
    ['a head that goes on in the next line', 'X-A: b\r\n Content-Length: 2\r\n'],
  ])('is one question, not two, with %s (request smuggling)', async (_, heads) => {
    const hidden = 'GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const sent = `POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${heads}\r\n{}${hidden}`;
    const said = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(served.port, '127.0.0.1', () => socket.write(sent));
      socket.setTimeout(2_000, () => socket.destroy());
      socket.on('data', (piece) => (text += piece.toString()));
      socket.on('error', reject);
      socket.on('close', () => resolve(text));
    });
    expect(said.match(/^HTTP\/1\.1 \d+/gm)).toEqual([expect.stringMatching(/ 4\d\d$/)]);
    expect(said).not.toContain('signedIn');
  });
});

describe('what is handed out', () => {
  it('is kept by nobody on the way: tokens, sessions, lists and events alike', async () => {
    const admin = bearer(served.token('admin'));
    const made = await served.post('/tokens', { name: 'nightly', role: 'viewer', days: 1 }, admin);
    expect((made.json as { token?: string }).token).toMatch(/^lifeboat_/);
    const answers = [
      made,
      await served.get('/points', admin),
      await served.get('/plan', admin),
      await served.get('/nothing'),
    ];
    expect(answers.map(({ headers }) => headers['cache-control'])).toEqual(answers.map(() => 'no-store'));
    const ending = new AbortController();
    const { headers } = await fetch(`${served.url}/api/v1/events`, { headers: admin, signal: ending.signal });
    ending.abort();
    expect([headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual(['no-store', 'nosniff']);
  });

  it('does not outlive the token that it was made by: who finds one for a day has no other for a year', async () => {
    const admin = bearer(served.token('admin'));
    const { json } = await served.post('/tokens', { name: 'longer', role: 'admin', days: 366 }, admin);
    const { expiresAt } = json as unknown as { expiresAt: string };
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(86_400_000);
    const { cookie, csrf } = await served.signIn('ada');
    const byPerson = await served.post(
      '/tokens',
      { name: 'longer', role: 'admin', days: 366 },
      { cookie, 'lifeboat-csrf': csrf },
    );
    const byThem = (byPerson.json as unknown as { expiresAt: string }).expiresAt;
    expect(Date.parse(byThem) - Date.now()).toBeGreaterThan(365 * 86_400_000);
  });

  it('is let in by nothing that stands in an address: addresses are kept in logs', async () => {
    const token = served.token('admin');
    for (const name of ['token', 'access_token', 'authorization'])
      expect((await served.get(`/runs?${name}=${token}`)).status).not.toBe(200);
  });

  it('under TLS is a cookie that goes nowhere else, and no page comes without', async () => {
    const { cert, key } = await localCertificate();
    const secure = await ServedApi.start(undefined, { certificate: cert }, { certificate: cert, key });
    try {
      await secure.account('ada', 'admin');
      const { status, headers } = await secure.post('/session', { name: 'ada', password: goodPassword });
      expect([status, headers['strict-transport-security']]).toEqual([200, expect.stringContaining('max-age=')]);
      const flags = String(headers['set-cookie']).split('; ');
      expect(flags[0]).toMatch(/^__Host-lifeboat-\d+=/);
      expect(flags).toEqual(expect.arrayContaining(['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/']));
      expect(flags.join()).not.toContain('Domain');
      await expect(fetch(secure.url.replace('https:', 'http:'))).rejects.toThrow('fetch failed');
    } finally {
      await secure.remove();
    }
  });
});
