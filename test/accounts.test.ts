import { stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from '../src/api/index.ts';
import { Sessions } from '../src/api/security/sessions.ts';
import { systemClock } from '../src/core/index.ts';
import { Place } from './support/lifeboat.ts';

const plan = `
lifeboat: 1
plan: people
domains: { here: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: here } }
stores: { near: { type: fs, path: ./near, domain: here } }
assets: { docs: { type: files, path: ./docs, domain: here } }
`;

let place: Place;
beforeAll(async () => {
  place = await Place.make(plan);
  await writeFile(place.path('password'), 'correct horse battery\n');
});
afterAll(() => place.remove());

describe('who may ask, on the command line', () => {
  it('is added with a password that nobody sees, listed and removed; the last admin stays', async () => {
    const added = await place.run('accounts', 'add', 'ada', '--role', 'admin', '--password-from', './password');
    expect([added.exitCode, added.json]).toEqual([
      0,
      { ok: true, account: { name: 'ada', role: 'admin', contact: null } },
    ]);
    await place.run(
      'accounts',
      'add',
      'lea',
      '--role',
      'approver',
      '--contact',
      'lead',
      '--password-from',
      './password',
    );
    expect((await place.run('accounts', 'list')).json).toMatchObject({
      accounts: [
        { name: 'ada', role: 'admin', contact: null, signedInAt: null },
        { name: 'lea', role: 'approver', contact: 'lead' },
      ],
    });
    expect((await place.run('accounts', 'remove', 'ada')).json).toMatchObject({ error: { code: 'account.last' } });
    expect((await place.run('accounts', 'remove', 'lea')).exitCode).toBe(0);
    expect((await place.run('accounts', 'remove', 'lea')).json).toMatchObject({ error: { code: 'account.missing' } });
    // Its owner alone reads the file of hashes.
    expect((await stat(place.path('.lifeboat', 'accounts.db'))).mode & 0o077).toBe(0);
  });

  it('is changed: what is not named stays, another password ends its sessions, and the last admin stays one', async () => {
    const change = (name: string, ...words: string[]) => place.run('accounts', 'change', name, ...words);
    await place.run('accounts', 'add', 'kim', '--role', 'operator', '--password-from', './password');
    const accounts = new Accounts(place.path('.lifeboat'), systemClock);
    try {
      const sessions = new Sessions(accounts, systemClock);
      const id = sessions.begin('kim', '127.0.0.1');
      expect((await change('kim', '--role', 'viewer', '--contact', 'lead')).json).toMatchObject({
        account: { name: 'kim', role: 'viewer', contact: 'lead' },
      });
      expect(sessions.find(id)).toBeDefined();
      await writeFile(place.path('other'), 'another horse, another battery\n');
      const other = await change('kim', '--password-from', './other', '--contact', '');
      expect(other.json).toMatchObject({ account: { role: 'viewer', contact: null } });
      expect(`${other.stdout}${other.stderr}`).not.toContain('another horse');
      expect(sessions.find(id)).toBeUndefined();
      expect(await accounts.check('kim', 'another horse, another battery')).toBeDefined();
      expect(await accounts.check('kim', 'correct horse battery')).toBeUndefined();
    } finally {
      accounts.close();
    }
    expect((await change('ada', '--role', 'viewer')).json).toMatchObject({ error: { code: 'account.last' } });
    expect((await change('nobody', '--role', 'viewer')).json).toMatchObject({ error: { code: 'account.missing' } });
    expect((await change('kim')).json).toMatchObject({ error: { code: 'input.flag' } });
    await writeFile(place.path('weak'), 'short');
    expect((await change('kim', '--password-from', './weak')).json).toMatchObject({ error: { code: 'input.flag' } });
    await place.run('accounts', 'remove', 'kim');
  });

  it('is refused with a weak password, a wrong name, or twice', async () => {
    await writeFile(place.path('weak'), 'short');
    const add = (name: string, from: string) =>
      place.run('accounts', 'add', name, '--role', 'viewer', '--password-from', from);
    expect((await add('bob', './weak')).json).toMatchObject({ error: { code: 'input.flag' } });
    expect((await add('B b', './password')).json).toMatchObject({ error: { code: 'input.flag' } });
    expect((await add('ada', './password')).json).toMatchObject({ error: { code: 'input.exists' } });
    expect((await add('bob', './nowhere')).json).toMatchObject({ error: { code: 'input.file' } });
  });

  it('has tokens for programs: shown once, listed without, revoked', async () => {
    const made = await place.run('tokens', 'create', 'dashboard', '--role', 'viewer', '--days', '2');
    expect(made.json).toMatchObject({ name: 'dashboard', role: 'viewer', token: expect.stringMatching(/^lifeboat_/) });
    const listed = await place.run('tokens', 'list');
    expect(listed.json).toMatchObject({
      tokens: [{ id: made.json['id'], name: 'dashboard', state: 'good', usedAt: null }],
    });
    expect(listed.stdout).not.toContain(made.json['token']);
    expect((await place.run('tokens', 'revoke', String(made.json['id']))).exitCode).toBe(0);
    expect((await place.run('tokens', 'list')).json).toMatchObject({ tokens: [{ state: 'revoked' }] });
    expect((await place.run('tokens', 'revoke', 'nothing')).json).toMatchObject({ error: { code: 'account.missing' } });
  });
});
