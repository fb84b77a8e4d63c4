import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import { Accounts, hashOf } from './accounts.ts';
import { hashOfPassword } from './passwords.ts';
import { Sessions } from './sessions.ts';

const password = 'correct horse battery';
let folder: string;
let accounts: Accounts;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lifeboat-accounts-'));
  accounts = new Accounts(folder, systemClock);
  await accounts.add({ name: 'ada', role: 'admin', password });
  await accounts.add({ name: 'max', role: 'admin', password });
});
afterEach(() => {
  accounts.close();
  rmSync(folder, { recursive: true });
});

describe('what somebody made', () => {
  /** By max; by that token; by what it made; and by others. */
  const make = () => {
    const one = (name: string, by: string) => accounts.makeToken({ name, role: 'admin', days: 1, by }).token;
    const by = ['max', 'token a (by max)', 'token b (by token a (by max))'];
    const ofOthers = ['ada', 'user max', 'token of max (by max) (by ada)', 'token x (by user max)'];
    return { his: by.map((maker) => one('his', maker)), others: ofOthers.map((maker) => one('another', maker)) };
  };
  const good = (tokens: readonly string[]): number =>
    tokens.filter((token) => accounts.useToken(token) !== undefined).length;

  it('by a token that is revoked is revoked with it, and all that it made in turn; what its maker made is not', () => {
    const one = (name: string, by: string) => accounts.makeToken({ name, role: 'admin', days: 1, by });
    const first = one('a', 'max');
    const second = one('b', 'token a (by max)');
    const third = one('c', 'token b (by token a (by max))');
    const others = [one('d', 'max'), one('e', 'token a (by ada)')];
    accounts.revoke(first.id);
    expect(good([first, second, third].map(({ token }) => token))).toBe(0);
    expect(good(others.map(({ token }) => token))).toBe(2);
  });

  it('by a token that is revoked ends also where what stood between them ended long ago and is not kept', () => {
    const one = (name: string, by: string, days = 1) => accounts.makeToken({ name, role: 'admin', days, by });
    const first = one('a', 'max');
    const between = one('b', 'token a (by max)', -40);
    const third = one('c', 'token b (by token a (by max))');
    expect(accounts.tokens().map(({ id }) => id)).not.toContain(between.id);
    accounts.revoke(first.id);
    expect(good([third.token])).toBe(0);
  });

  it('by a token that they had made ends with what they made themselves, when they may less', async () => {
    const { his, others } = make();
    await accounts.change('max', { role: 'viewer' });
    expect([good(his), good(others)]).toEqual([0, others.length]);
  });

  it('ends with their account', () => {
    const { his, others } = make();
    accounts.remove('max');
    expect([good(his), good(others)]).toEqual([0, others.length]);
  });
});

describe('a password that is changed while the old one is tried', () => {
  const given = 'given by an admin';
  let replaced: string;
  beforeEach(async () => {
    replaced = await hashOfPassword(given);
  });

  it('lets nobody in', async () => {
    const tried = accounts.check('max', password);
    accounts.database.prepare('update accounts set password = ? where name = ?').run(replaced, 'max');
    expect(await tried).toBeUndefined();
  });

  it('is not changed back by a session that has ended', async () => {
    const session = new Sessions(accounts, systemClock).begin('max', '127.0.0.1');
    const own = accounts.change('max', { password: 'whoever knew the old one' }, hashOf(session));
    accounts.database.prepare('update accounts set password = ? where name = ?').run(replaced, 'max');
    accounts.database.prepare('delete from sessions').run();
    await expect(own).rejects.toMatchObject({ code: 'api.signed_out' });
    expect(await accounts.check('max', 'whoever knew the old one')).toBeUndefined();
    expect(await accounts.check('max', given)).toMatchObject({ name: 'max' });
  });
});
