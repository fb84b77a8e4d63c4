import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from './client.ts';
import { goodPassword, ServedApi } from './testing/served-api.ts';

let served: ServedApi;
beforeAll(async () => {
  served = await ServedApi.start();
});
afterAll(() => served.remove());

describe('the first account', () => {
  it('is made with the code that the server says on its terminal, once', async () => {
    const said = served.said.find(({ event }) => event === 'set_up');
    const code = said?.event === 'set_up' ? said.code : '';
    expect(code).toMatch(/^(\w{5}-){3}\w{5}$/);
    expect((await served.get('/session')).json).toEqual({ signedIn: false, setup: true });
    const wrong = await served.post('/setup', { code: 'aaaaa-bbbbb-ccccc-ddddd', name: 'eve', password: goodPassword });
    expect([wrong.status, wrong.json.error?.code]).toEqual([401, 'api.signed_out']);
    const client = createClient({ base: served.url });
    expect(await client.session.setUp({ code, name: 'ada', password: goodPassword })).toMatchObject({
      signedIn: true,
      me: { name: 'ada', role: 'admin', contact: null, by: 'session' },
      plan: 'asked',
    });
    const again = await served.post('/setup', { code, name: 'eve', password: goodPassword });
    expect([again.status, again.json.error?.code]).toEqual([403, 'api.forbidden']);
    expect((await served.get('/session')).json).toEqual({ signedIn: false, setup: false });
  });
});

describe('a session', () => {
  it('begins with a password, is a cookie that no script can read, and ends when people sign out', async () => {
    const answer = await served.post('/session', { name: 'ada', password: goodPassword });
    expect(answer.status).toBe(200);
    const [line = ''] = answer.headers['set-cookie'] as string[];
    expect(line).toMatch(/^lifeboat-\d+=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/);
    const { cookie, csrf } = await served.signIn('ada');
    expect((await served.get('/session', { cookie })).json).toMatchObject({ signedIn: true, csrf });
    const out = await served.raw('DELETE', '/api/v1/session', { cookie, 'lifeboat-csrf': csrf });
    expect([out.status, out.json]).toEqual([200, { signedIn: false, setup: false }]);
    expect((await served.get('/session', { cookie })).json).toMatchObject({ signedIn: false });
  });
});

describe('what can be asked', () => {
  it('is told as OpenAPI 3.1, to whoever asks', async () => {
    const { status, json } = await served.get('/openapi.json');
    expect(status).toBe(200);
    expect(json).toMatchObject({ openapi: '3.1.0', paths: { '/session': { get: {}, post: {}, delete: {} } } });
  });
});
