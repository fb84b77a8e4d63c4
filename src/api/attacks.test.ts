import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret, LifeboatError, limits } from '../core/index.ts';
import { failureOf } from './failures.ts';
import { goodPassword, ServedApi } from './testing/served-api.ts';

let served: ServedApi;
beforeAll(async () => {
  served = await ServedApi.start();
  await served.account('ada', 'admin');
});
afterAll(() => served.remove());

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const codeOf = ({ status, json }: { status: number; json: { error?: { code: string } } }) => [status, json.error?.code];

describe('who asks without right', () => {
  it('with no token, a wrong one, an expired one or a torn one is refused', async () => {
    const good = served.token('viewer');
    expect((await served.get('/runs', bearer(good))).status).toBe(200);
    const wrong = `${good.slice(0, -1)}${good.endsWith('A') ? 'B' : 'A'}`;
    const tries = [wrong, served.token('viewer', 0), good.slice(0, 30), `${good} x`, 'lifeboat_', "' or 1=1 --"];
    for (const token of tries)
      expect([token, ...codeOf(await served.get('/runs', bearer(token)))]).toEqual([token, 401, 'api.signed_out']);
    expect(codeOf(await served.get('/runs'))).toEqual([401, 'api.signed_out']);
    // A wrong token beside a good cookie is not looked past.
    const { cookie } = await served.signIn('ada');
    expect(codeOf(await served.get('/runs', { cookie, ...bearer(wrong) }))).toEqual([401, 'api.signed_out']);
    for (const path of ['/events', '/drills/01kb9c3r8x0000000000000000/report.html'])
      expect((await served.get(path)).status).toBe(401);
  });

  it('with too small a role is refused, and the try is in the audit', async () => {
    const viewer = bearer(served.token('viewer'));
    for (const [path, body] of [
      ['/backups', {}],
      ['/verifications', {}],
      ['/restores/preview', { asset: 'docs', target: 'x' }],
      ['/runs', { what: 'drill', drill: 'x' }],
      ['/accounts', { name: 'eve', role: 'admin', password: goodPassword }],
      ['/accounts/ada', { password: goodPassword }],
      ['/tokens', { name: 'mine', role: 'admin' }],
    ] as const)
      expect([path, ...codeOf(await served.post(path, body, viewer))]).toEqual([path, 403, 'api.forbidden']);
    for (const path of ['/accounts', '/tokens', '/audit'])
      expect(codeOf(await served.get(path, bearer(served.token('approver'))))).toEqual([403, 'api.forbidden']);
    const { records } = await served.client('admin').audit({ limit: 1 });
    expect(records).toMatchObject([
      {
        who: expect.stringMatching(/^token a viewer #\w{10} \(by tests\)$/),
        what: 'POST tokens',
        outcome: 'api.forbidden',
      },
    ]);
  });
});

describe('a browser that another page makes ask', () => {
  it('changes nothing: not without the word of the session, not from another origin (CSRF)', async () => {
    const { cookie, csrf } = await served.signIn('ada');
    const other = await served.signIn('ada');
    const ours = { origin: served.url, 'sec-fetch-site': 'same-origin', host: `127.0.0.1:${served.port}` };
    const body = { name: 'x', role: 'viewer', days: 1 };
    const tries: Record<string, string>[] = [
      { cookie },
      { cookie, 'lifeboat-csrf': 'guess' },
      { cookie, 'lifeboat-csrf': other.csrf },
      { cookie, 'lifeboat-csrf': csrf, origin: 'https://evil.example' },
      { cookie, 'lifeboat-csrf': csrf, origin: 'null' },
      { cookie, 'lifeboat-csrf': csrf, 'sec-fetch-site': 'cross-site' },
      { cookie, 'lifeboat-csrf': csrf, 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of tries)
      expect([headers, ...codeOf(await served.post('/tokens', body, headers))]).toEqual([headers, 403, 'api.foreign']);
    expect((await served.post('/tokens', body, { cookie, 'lifeboat-csrf': csrf, ...ours })).status).toBe(201);
    // Nor does it sign anybody in.
    const signIn = { name: 'ada', password: goodPassword };
    expect(codeOf(await served.post('/session', signIn, { origin: 'https://evil.example' }))).toEqual([
      403,
      'api.foreign',
    ]);
    // A form sends no JSON.
    const form = await served.raw('POST', '/api/v1/session', { 'content-type': 'text/plain' }, JSON.stringify(signIn));
    expect(form.status).toBe(400);
  });

  it('is told nothing that it may hand on: no CORS, no frame, no script, no guess of a type', async () => {
    const preflight = await served.raw('OPTIONS', '/api/v1/tokens', {
      origin: 'https://evil.example',
      'access-control-request-method': 'POST',
    });
    const answer = await served.get('/session', { origin: 'https://evil.example' });
    for (const { headers } of [preflight, answer]) {
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(headers).toMatchObject({
        'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'cache-control': 'no-store',
        'cross-origin-resource-policy': 'same-origin',
      });
    }
  });

  it('is not answered under a name of others that leads here (DNS rebinding)', async () => {
    for (const host of ['evil.example', `evil.example:${served.port}`, '127.0.0.1.evil.example', 'localhost.evil'])
      expect([host, ...codeOf(await served.get('/session', { host }))]).toEqual([host, 403, 'api.foreign']);
    for (const host of ['localhost', `127.0.0.1:${served.port}`, '[::1]:80', '192.0.2.7'])
      expect([host, (await served.get('/session', { host })).status]).toEqual([host, 200]);
  });

  it('keeps no id that somebody else gave it (session fixation)', async () => {
    const name = `lifeboat-${served.port}`;
    const planted = `${name}=${'A'.repeat(43)}`;
    const answer = await served.post('/session', { name: 'ada', password: goodPassword }, { cookie: planted });
    expect(String(answer.headers['set-cookie'])).not.toContain('AAAAAAAA');
    expect((await served.get('/session', { cookie: planted })).json).toMatchObject({ signedIn: false });
    // Who signs in again leaves no session behind that somebody may still have.
    const before = await served.signIn('ada');
    const again = { cookie: before.cookie, 'lifeboat-csrf': before.csrf };
    expect((await served.post('/session', { name: 'ada', password: goodPassword }, again)).status).toBe(200);
    expect((await served.get('/session', { cookie: before.cookie })).json).toMatchObject({ signedIn: false });
  });
});

describe('a page that somebody left open', () => {
  it('changes no password without the one of now, nor guesses it', async () => {
    await served.account('left', 'viewer');
    const { cookie, csrf } = await served.signIn('left');
    const headers = { cookie, 'lifeboat-csrf': csrf };
    const guess = (): Promise<unknown[]> =>
      served.post('/session/password', { password: 'a guess', next: goodPassword }, headers).then(codeOf);
    for (let tries = 0; tries < limits.signInFailuresOfAccount; tries += 1)
      expect(await guess()).toEqual([403, 'api.forbidden']);
    expect(await guess()).toEqual([429, 'api.busy']);
    // Nor does a token make an account its own.
    const token = bearer(served.token('admin'));
    const own = await served.post('/session/password', { password: goodPassword, next: goodPassword }, token);
    expect(codeOf(own)).toEqual([403, 'api.forbidden']);
  });
});

describe('what is sent', () => {
  it('leads out of no folder (path traversal)', async () => {
    const operator = bearer(served.token('operator'));
    for (const path of [
      '/api/v1/../../etc/passwd',
      '/api/v1/%2e%2e/%2e%2e/etc/passwd',
      '/api/v1/drills/..%2f..%2f..%2fetc%2fpasswd/report',
      '/api/v1/drills/..%2f..%2fetc%2fpasswd/report.html',
      '/api/v1/points/..%2f..%2fetc%2fpasswd',
    ])
      expect([path, (await served.raw('GET', path, operator)).status]).toEqual([path, 404]);
    const restored = join(served.state, 'restored');
    await mkdir(restored, { recursive: true });
    await symlink(served.folder, join(restored, 'out'));
    const targets = [
      '../x',
      '/etc/cron.d/x',
      'a/../../x',
      '.',
      '',
      'out/x',
      `${restored}/../x`,
      `${restored}-beside/x`,
      'a\0b',
    ];
    for (const target of targets) {
      const answer = await served.post('/restores/preview', { asset: 'docs', target }, operator);
      expect([target, ...codeOf(answer)]).toEqual(
        target === '' ? [target, 400, 'api.invalid'] : [target, 403, 'api.forbidden'],
      );
    }
  });

  it('has a length, and no more than is wanted (oversize)', async () => {
    const json = { 'content-type': 'application/json' };
    const large = JSON.stringify({ name: 'ada', password: 'x'.repeat(limits.apiBodyBytesMax) });
    const length = { ...json, 'content-length': String(Buffer.byteLength(large)) };
    expect(codeOf(await served.raw('POST', '/api/v1/session', length, large))).toEqual([413, 'api.too_large']);
    expect(
      codeOf(await served.raw('POST', '/api/v1/session', { ...json, 'transfer-encoding': 'chunked' }, '{}')),
    ).toEqual([413, 'api.too_large']);
    expect((await served.get('/session', { 'x-long': 'x'.repeat(2 * limits.requestBytesMax) })).status).toBe(431);
  });

  it('is what the contract says, or is refused with the place of the mistake', async () => {
    const admin = bearer(served.token('admin'));
    const wrong = await served.post('/accounts', { name: 'A b', role: 'viewer', password: goodPassword }, admin);
    expect(wrong.json.error).toMatchObject({ code: 'api.invalid', where: 'body.name' });
    const more = { name: 'eve', role: 'viewer', password: goodPassword, isAdmin: true };
    expect(codeOf(await served.post('/accounts', more, admin))).toEqual([400, 'api.invalid']);
    const torn = await served.raw(
      'POST',
      '/api/v1/accounts',
      { ...admin, 'content-type': 'application/json' },
      '{"name":',
    );
    expect(codeOf(torn)).toEqual([400, 'api.invalid']);
    expect(codeOf(await served.get('/nothing', admin))).toEqual([404, 'api.unknown']);
    expect(codeOf(await served.get('/points?limit=100000', admin))).toEqual([400, 'api.invalid']);
  });

  it('writes no line of its own into the log (log injection)', async () => {
    const admin = served.client('admin');
    const name = 'good\n2026-11-21 root DELETED \u001b[2K\u202Etxet';
    const { id } = await admin.tokens.create({ name, role: 'viewer', days: 1 });
    const { records } = await admin.audit({ limit: 1 });
    expect(records[0]?.about).toBe('good\\u{a}2026-11-21 root DELETED \\u{1b}[2K\\u{202e}txet as viewer, 1 days');
    await admin.tokens.revoke(id);
    const forged = await served.post('/session', { name: 'eve\nroot', password: goodPassword });
    expect(codeOf(forged)).toEqual([400, 'api.invalid']);
  });
});

describe('what is told', () => {
  it('holds no secret, not in an error and not in the plan', async () => {
    expect(String(new Secret('a passphrase for tests'))).toBe('[secret]');
    const approver = bearer(served.token('approver'));
    const body = { what: 'drill', drill: 'a passphrase for tests' };
    const answer = await served.post('/runs', body, approver);
    expect(answer.status).toBe(404);
    expect(answer.text).toContain('[secret]');
    expect(answer.text).not.toContain('a passphrase');
  });

  it('of a mistake of ours says nothing but that', () => {
    const { status, problem } = failureOf(new TypeError('postgres://root:hunter2@db1 is not iterable'));
    expect([status, problem.code, JSON.stringify(problem)]).toEqual([
      500,
      'internal',
      expect.not.stringContaining('hunter2'),
    ]);
    expect(failureOf(new LifeboatError('store.unreachable', 'no answer')).status).toBe(503);
  });

  it('is the same for a wrong password and for nobody, and not told any more after five', async () => {
    await served.account('bob', 'viewer');
    const wrong = await served.post('/session', { name: 'bob', password: 'wrong' });
    const nobody = await served.post('/session', { name: 'nobody', password: 'wrong' });
    expect([wrong.status, wrong.json]).toEqual([nobody.status, nobody.json]);
    for (let tries = 1; tries < limits.signInFailuresOfAccount; tries += 1)
      expect((await served.post('/session', { name: 'bob', password: 'wrong' })).status).toBe(401);
    // Not even with the right one: who guesses does not learn that it was.
    const late = await served.post('/session', { name: 'bob', password: goodPassword });
    expect([...codeOf(late), late.headers['retry-after']]).toEqual([429, 'api.busy', '60']);
  });
});
