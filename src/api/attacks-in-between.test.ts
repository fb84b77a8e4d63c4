import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits, systemClock } from '../core/index.ts';
import { Accounts } from './security/accounts.ts';
import { hashOfPassword } from './security/passwords.ts';
import { goodPassword, ServedApi } from './testing/served-api.ts';

let served: ServedApi;
beforeAll(async () => {
  served = await ServedApi.start();
  await served.account('ada', 'admin');
});
afterAll(() => served.remove());

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

describe('who signs in while too many do', () => {
  it('is told to try again, and that was no wrong password: nobody is locked out who never guessed', async () => {
    const crowd = crowdOfPasswords();
    const signIn = () => served.post('/session', { name: 'ada', password: goodPassword });
    const said: unknown[] = [];
    for (let tries = 0; tries <= limits.signInFailuresOfAccount; tries += 1)
      said.push((await signIn()).json.error?.message);
    await crowd.goesHome();
    expect(said).toEqual(said.map(() => 'too many people sign in at once'));
    expect((await signIn()).status).toBe(200);
  });
});

describe('who asks only for the head of the events (HEAD)', () => {
  it('takes no place of those who listen', async () => {
    const headers = bearer(served.token('viewer'));
    for (let asked = 0; asked <= limits.listenersOfOneMax; asked += 1) {
      const { status, headers: given } = await served.raw('HEAD', '/api/v1/events', headers);
      expect([asked, status]).toEqual([asked, 200]);
      expect(given['content-type']).toBe('text/event-stream; charset=utf-8');
    }
    expect((await served.raw('HEAD', '/api/v1/events')).status).toBe(401);
    const ending = new AbortController();
    const answer = await fetch(`${served.url}/api/v1/events`, { headers, signal: ending.signal });
    expect(answer.status).toBe(200);
    ending.abort();
  });
});

describe('a token that is revoked while what it asks for is still on the way', () => {
  it('changes nothing any more: who holds a question back has no other token for it', async () => {
    const token = served.token('admin');
    const body = JSON.stringify({ name: 'kept back', role: 'admin', days: 1 });
    const asking = await heldBack('POST /api/v1/tokens', token, body);
    revoke(token);
    expect(await asking.finish()).toMatch(/^HTTP\/1\.1 401 /);
    const admin = served.client('admin');
    expect((await admin.tokens.list()).tokens.map(({ name }) => name)).not.toContain('kept back');
    const { records } = await admin.audit({ limit: 1, find: 'POST tokens' });
    expect(records[0]?.outcome).toBe('api.signed_out');
  });
});

/** So many passwords are tried at once that nobody else's turn comes, until they go home. */
function crowdOfPasswords(): { goesHome(): Promise<void> } {
  const home = new AbortController();
  const one = async (): Promise<void> => {
    while (!home.signal.aborted) await hashOfPassword(goodPassword);
  };
  const all = Array.from({ length: limits.passwordsAtOnce + limits.passwordsWaitingMax }, one);
  return {
    goesHome: async () => {
      home.abort();
      await Promise.all(all);
    },
  };
}

/** A question whose head was read by the server, and whose body is still to come. */
async function heldBack(what: string, token: string, body: string): Promise<{ finish(): Promise<string> }> {
  const socket = connect(served.port, '127.0.0.1');
  let text = '';
  const whole = new Promise<string>((resolve, reject) => {
    socket.on('data', (piece) => (text += piece.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve(text.replace(/^HTTP\/1\.1 100 [^\r]*\r\n\r\n/, '')));
  });
  const heads = [
    `${what} HTTP/1.1`,
    `Host: localhost`,
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Expect: 100-continue',
    'Connection: close',
  ];
  socket.write(`${heads.join('\r\n')}\r\n\r\n`);
  await expect.poll(() => text).toContain('100 Continue');
  return {
    finish: () => {
      socket.write(body);
      return whole;
    },
  };
}

function revoke(token: string): void {
  const accounts = new Accounts(served.state, systemClock);
  try {
    accounts.revoke(/^lifeboat_([0-9a-z]{10})_/.exec(token)?.[1] ?? '');
  } finally {
    accounts.close();
  }
}
