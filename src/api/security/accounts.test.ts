import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import { Accounts, hashOf, makerOf } from './accounts.ts';
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
  const make = (name: string, by: string, days = 1) => accounts.makeToken({ name, role: 'admin', days, by });
  /** By max; by that token; and by what it made. */
  const makeLine = () => {
    const first = make('a', 'max');
    const second = make('b', makerOf(first));
    return [first, second, make('c', makerOf(second))] as const;
  };
  /** By max and what he made; and by others. */
  const makeAll = () => {
    const ofOthers = ['ada', 'user max', makerOf(make('of max (by max)', 'ada')), makerOf(make('x', 'user max'))];
    return { his: makeLine(), others: ofOthers.map((maker) => make('another', maker)) };
  };
  const good = (tokens: readonly { readonly token: string }[]): number =>
    tokens.filter(({ token }) => accounts.useToken(token) !== undefined).length;

  it('by a token that is revoked is revoked with it, and all that it made in turn; what its maker made is not', () => {
    const line = makeLine();
    const others = [make('d', 'max'), make('e', makerOf(make('a', 'ada')))];
    accounts.revoke(line[0].id);
    expect([good(line), good(others)]).toEqual([0, 2]);
  });

  it('by another token of the same name and maker stays when that one is revoked', () => {
    const [one, other] = [makeLine(), makeLine()];
    accounts.revoke(one[0].id);
    expect([good(one), good(other)]).toEqual([0, 3]);
  });

  it('by a token that is revoked ends also where what stood between them ended long ago and is not kept', () => {
    const first = make('a', 'max');
    const between = make('b', makerOf(first), -40);
    const third = make('c', makerOf(between));
    expect(accounts.tokens().map(({ id }) => id)).not.toContain(between.id);
    accounts.revoke(first.id);
    expect(good([third])).toBe(0);
  });

  it('by a token that they had made ends with what they made themselves, when they may less', async () => {
    const { his, others } = makeAll();
    await accounts.change('max', { role: 'viewer' });
    expect([good(his), good(others)]).toEqual([0, others.length]);
  });

  it('ends with their account', () => {
    const { his, others } = makeAll();
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
