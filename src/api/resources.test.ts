import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, type Client } from './client.ts';
import type { ApiEvent, Operation, Restore } from './contract/index.ts';
import { goodPassword, ServedApi } from './testing/served-api.ts';

let served: ServedApi;
let operator: Client;
let admin: Client;
beforeAll(async () => {
  served = await ServedApi.start();
  [operator, admin] = [served.client('operator'), served.client('admin')];
});
afterAll(() => served.remove());

/** Asked again until it is so. */
async function until<T>(ask: () => Promise<T>, isSo: (one: T) => boolean): Promise<T> {
  for (;;) {
    const one = await ask();
    if (isSo(one)) return one;
    await sleep(50);
  }
}
const ended = ({ state }: { readonly state: Operation['state'] }): boolean => state !== 'running';

describe('the API', () => {
  it('takes points, and shows them with the words of lifeboat points', async () => {
    const begun = await operator.operations.backup({ assets: ['docs'] });
    expect(begun).toMatchObject({
      kind: 'backup',
      about: 'backup docs',
      by: expect.stringMatching(/^token a operator #\w{10} \(by tests\)$/),
    });
    const done = await until(() => operator.operations.get(begun.id), ended);
    expect(done).toMatchObject({ state: 'done', words: expect.stringMatching(/^1 points, /) });
    const list = await until(operator.points.list, ({ total }) => total > 0);
    expect(list).toMatchObject({ total: 1, next: null, damage: [], unanswered: [] });
    const [point] = list.points;
    expect(point).toMatchObject({ asset: 'docs', stores: ['near'], state: 'unverified', held: false, files: 1 });
    expect(await operator.points.get(point?.id ?? '')).toEqual(point);
    expect((await operator.points.list({ asset: 'mail' })).points).toEqual([]);
    await expect(operator.operations.backup({ assets: ['nothing'] })).rejects.toMatchObject({
      status: 404,
      problem: { code: 'plan.unknown_name' },
    });
  });

  it('reads back what was stored, and says so of the point', async () => {
    const { id } = await operator.operations.verify({ reading: 'full' });
    expect(await until(() => operator.operations.get(id), ended)).toMatchObject({ state: 'done', error: null });
    await until(operator.points.list, ({ points }) => points[0]?.state === 'verified');
  });

  it('says how ready the plan is, with the numbers of lifeboat status', async () => {
    const readiness = await until(operator.readiness, ({ assets }) => assets[0]?.verifiedAt !== null);
    expect(readiness).toMatchObject({ plan: 'asked', keeper: true, unanswered: [], nextDrill: null });
    expect(readiness.assets.map(({ asset, verdict }) => [asset, verdict])).toEqual([
      ['docs', 'no target'],
      ['mail', 'no target'],
    ]);
    expect(readiness.standbys).toEqual([]);
    expect(await operator.plan()).toMatchObject({ name: 'asked', refused: null, files: [{ file: 'lifeboat.yaml' }] });
    expect((await operator.stores()).stores).toMatchObject([{ store: 'near', answered: true, points: 1, assets: 1 }]);
    expect((await operator.keys()).keys).toMatchObject([{ key: 'main', kinds: ['passphrase'], testedAt: null }]);
    expect(await operator.drills.list()).toEqual({ drills: [], total: 0, results: [], next: null });
    expect((await operator.points.reach()).assets).toMatchObject([
      { asset: 'docs', points: 1, log: false },
      { asset: 'mail', points: 0 },
    ]);
  });

  it('restores what a dry run showed, once, beside and below its folder alone', async () => {
    const preview = await operator.restores.preview({ asset: 'docs', target: 'back' });
    expect(preview).toMatchObject({ asset: 'docs', store: 'near', overwrites: [], start: false, log: null });
    expect(preview.steps.map(({ what, certainty }) => [what, certainty])).toEqual([
      ['target', 'proved'],
      ['read', 'predicted'],
      ['check', 'unknown'],
      ['hand over', 'predicted'],
    ]);
    const other = served.client('operator');
    const begun = await operator.restores.start({ preview: preview.id });
    const done: Restore = await until(() => other.restores.get(begun.id), ended);
    expect(done).toMatchObject({ state: 'done', asset: 'docs', point: preview.point.id, error: null });
    expect(done.bytesDone).toBe(done.bytes);
    expect(await readFile(join(served.state, 'restored', 'back', 'a.txt'), 'utf8')).toBe('docs');
    await expect(operator.restores.start({ preview: preview.id })).rejects.toMatchObject({
      status: 409,
      problem: { code: 'preview.expired' },
    });
    // It is there now: never over.
    await expect(operator.restores.preview({ asset: 'docs', target: 'back' })).rejects.toMatchObject({
      problem: { code: 'restore.target_not_empty' },
    });
  });

  it('keeps accounts and tokens for admins, and who changed what', async () => {
    expect(await admin.accounts.add({ name: 'lea', role: 'viewer', password: goodPassword })).toMatchObject({
      name: 'lea',
      role: 'viewer',
      contact: null,
      signedInAt: null,
    });
    const made = await admin.tokens.create({ name: 'prometheus', role: 'viewer', days: 3 });
    expect(made.token).toMatch(/^lifeboat_\w{10}_[\w-]{43}$/);
    const machine = createClient({ base: served.url, token: made.token });
    expect(await machine.session.get()).toMatchObject({ me: { role: 'viewer', by: 'token' }, csrf: null });
    const after = await admin.tokens.revoke(made.id);
    expect(after.tokens.find(({ id }) => id === made.id)).toMatchObject({ state: 'revoked' });
    expect(JSON.stringify(after)).not.toContain(made.token);
    await expect(machine.readiness()).rejects.toMatchObject({ status: 401, problem: { code: 'api.signed_out' } });
    await admin.accounts.remove('lea');
    const { records } = await admin.audit({ limit: 4 });
    expect(records).toMatchObject([
      {
        what: 'DELETE accounts/{name}',
        about: 'lea',
        outcome: 'done',
        who: expect.stringMatching(/^token a admin #\w{10} \(by tests\)$/),
      },
      { what: 'DELETE tokens/{id}', about: `prometheus (${made.id})` },
      { what: 'POST tokens', about: 'prometheus as viewer, 3 days', status: 200 },
      { what: 'POST accounts', about: 'lea as viewer', from: '127.0.0.1', by: 'token', role: 'admin' },
    ]);
  });

  it('changes an account: what it may at once, its password with the end of its sessions', async () => {
    const next = 'another correct horse';
    await served.account('only', 'admin');
    await admin.accounts.add({ name: 'max', role: 'admin', password: goodPassword });
    const [max, elsewhere] = [await served.person('max'), await served.person('max')];
    const { token } = await max.tokens.create({ name: 'of max', role: 'admin' });
    const small = await max.tokens.create({ name: 'small', role: 'viewer' });
    await admin.accounts.change('max', { role: 'operator', contact: 'lead' });
    expect(await max.session.get()).toMatchObject({ me: { role: 'operator', contact: 'lead' } });
    await expect(max.accounts.list()).rejects.toMatchObject({ status: 403, problem: { code: 'api.forbidden' } });
    // What he made when he might more opens no more than he does.
    await expect(createClient({ base: served.url, token }).readiness()).rejects.toMatchObject({ status: 401 });
    expect((await admin.tokens.list()).tokens.find(({ id }) => id === small.id)).toMatchObject({ state: 'good' });
    await expect(max.session.changePassword({ password: 'not this one', next })).rejects.toMatchObject({ status: 403 });
    await max.session.changePassword({ password: goodPassword, next });
    expect(await max.session.get()).toMatchObject({ signedIn: true });
    expect(await elsewhere.session.get()).toMatchObject({ signedIn: false });
    await admin.accounts.change('max', { password: goodPassword, contact: null });
    expect(await max.session.get()).toMatchObject({ signedIn: false });
    await served.person('max');
    await expect(admin.accounts.change('nobody', { role: 'viewer' })).rejects.toMatchObject({
      status: 404,
      problem: { code: 'account.missing' },
    });
  });

  it('keeps the last admin an admin', async () => {
    await expect(admin.accounts.change('only', { role: 'viewer' })).rejects.toMatchObject({
      problem: { code: 'account.last' },
    });
    expect(await admin.accounts.change('only', { role: 'admin' })).toMatchObject({ role: 'admin' });
  });

  it('finds in the audit who, what, when and whether it was refused, page by page', async () => {
    const since = new Date(Date.now() - 60_000).toISOString();
    for (let tries = 0; tries < 3; tries += 1)
      await expect(operator.tokens.create({ name: 'sneaked', role: 'admin' })).rejects.toMatchObject({ status: 403 });
    const refused = await admin.audit({ outcome: 'refused', find: 'A OPERATOR', from: since, limit: 2 });
    expect(refused.records).toMatchObject([
      { what: 'POST tokens', words: 'Make a token', outcome: 'api.forbidden', status: 403 },
      { what: 'POST tokens', outcome: 'api.forbidden' },
    ]);
    const rest = await admin.audit({
      outcome: 'refused',
      find: 'a operator',
      from: since,
      cursor: refused.next ?? '',
    });
    const numbers = [...refused.records, ...rest.records].map(({ sequence }) => sequence);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers).toEqual(numbers.toSorted((a, b) => b - a));
    expect(rest.next).toBeNull();
    expect((await admin.audit({ to: '2020-01-01T00:00:00Z' })).records).toEqual([]);
    const done = await admin.audit({ outcome: 'done', find: 'make a token' });
    expect(done.records.every(({ outcome }) => outcome === 'done')).toBe(true);
  });

  it('tells what happens as it happens, and to who was away what they missed', async () => {
    const heard: ApiEvent[] = [];
    const first = new AbortController();
    const listening = operator.events({ event: (event) => void heard.push(event) }, first.signal);
    await until(
      async () => heard,
      (all) => all.some(({ type }) => type === 'beat'),
    );
    const begun = await operator.operations.backup({ assets: ['mail'] });
    await until(
      async () => heard,
      (all) =>
        all.some((one) => one.type === 'record' && one.kind === 'backup.finished' && one.about['asset'] === 'mail'),
    );
    await until(
      async () => heard,
      (all) => all.some((one) => one.type === 'operation' && one.operation.id === begun.id && ended(one.operation)),
    );
    first.abort();
    await listening;
    const records = heard.filter((one) => one.type === 'record');
    const since = records[0]?.sequence ?? 0;
    const missed = await eventsAfter(since, records.length - 1);
    expect(missed.map((one) => (one.type === 'record' ? one.sequence : 0))).toEqual(
      records.slice(1).map(({ sequence }) => sequence),
    );
    expect(await eventsAfter(since + 1_000_000, 1)).toMatchObject([{ type: 'gap' }]);
  });
});

/** The first so many events that somebody gets who comes back with this number. */
async function eventsAfter(last: number, most: number): Promise<ApiEvent[]> {
  const answer = await fetch(`${served.url}/api/v1/events`, {
    headers: { authorization: `Bearer ${served.token('viewer')}`, 'last-event-id': String(last) },
  });
  expect(answer.headers.get('content-type')).toContain('text/event-stream');
  let text = '';
  const decoder = new TextDecoder();
  for await (const piece of answer.body ?? []) {
    text += decoder.decode(piece as Uint8Array, { stream: true });
    const whole = text.slice(0, text.lastIndexOf('\n\n') + 1);
    const found = [...whole.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data) as ApiEvent);
    if (found.length >= most) return found.slice(0, most);
  }
  return [];
}
