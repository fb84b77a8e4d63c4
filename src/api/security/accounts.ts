import { createHash, randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { chance, LifeboatError, limits, type Clock } from '../../core/index.ts';
import { isAtLeast, type Role } from '../contract/index.ts';
import { inTransaction, openAccountsFile } from './database.ts';
import { hashOfPassword, isPassword } from './passwords.ts';

export interface AccountRow {
  readonly name: string;
  readonly role: Role;
  readonly contact: string | null;
  readonly createdMs: number;
  readonly signedInMs: number | null;
}

export interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly by: string;
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly revokedMs: number | null;
  readonly usedMs: number | null;
}

export interface NewAccount {
  readonly name: string;
  readonly role: Role;
  readonly password: string;
  readonly contact?: string | undefined;
}

export interface NewToken {
  readonly name: string;
  readonly role: Role;
  readonly days: number;
  readonly by: string;
  readonly untilMs?: number | undefined;
}

/** What is undefined stays as it is; a null contact is nobody. */
export interface AccountEdit {
  readonly role?: Role | undefined;
  readonly contact?: string | null | undefined;
  readonly password?: string | undefined;
}

/** Who may ask what, of one folder of state. Secrets are kept as hashes; a token is shown once, when it is made. */
export class Accounts {
  readonly database: DatabaseSync;
  readonly #clock: Clock;

  constructor(stateFolder: string, clock: Clock) {
    this.database = openAccountsFile(stateFolder);
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.database.prepare('select 1 from accounts limit 1').get() === undefined;
  }

  list(): AccountRow[] {
    return this.database.prepare('select * from accounts order by name').all().map(accountOf);
  }

  find(name: string): AccountRow | undefined {
    const row = this.database.prepare('select * from accounts where name = ?').get(name);
    return row === undefined ? undefined : accountOf(row);
  }

  /** `first`: only if there is none yet. Throws `input.exists`, `api.busy`, `limit.exceeded`. */
  async add({ name, role, password, contact }: NewAccount, first = false): Promise<AccountRow> {
    const hash = await hashOfPassword(password);
    return inTransaction(this.database, () => {
      const count = Number(this.database.prepare('select count(*) as n from accounts').get()?.['n']);
      if (first && count > 0) throw setUpIsOver();
      if (count >= limits.accountsMax) throw new LifeboatError('limit.exceeded', `there are ${count} accounts`);
      if (this.find(name) !== undefined) {
        throw new LifeboatError('input.exists', `there is an account ${name} already`, {
          hint: 'Remove it first, or take another name.',
        });
      }
      const nowMs = this.#clock.now();
      // Whoever makes the first one is signed in with it.
      this.database
        .prepare(
          'insert into accounts (name, role, contact, password, created_ms, signed_in_ms) values (?, ?, ?, ?, ?, ?)',
        )
        .run(name, role, contact ?? null, hash, nowMs, first ? nowMs : null);
      return this.find(name) as AccountRow;
    });
  }

  /**
   * Another password ends its sessions but the one to `keep`, by its hash, in which it is asked for. A smaller role revokes the tokens that it made,
   * also by another token, and that may more than it may now. Throws `account.missing`, `account.last`, `api.signed_out`, `api.busy`.
   */
  async change(name: string, { role, contact, password }: AccountEdit, keep?: string): Promise<AccountRow> {
    const hash = password === undefined ? undefined : await hashOfPassword(password);
    return inTransaction(this.database, () => {
      const account = this.#mustFind(name);
      if (keep !== undefined) this.#mustStand(name, keep);
      const next = role ?? account.role;
      if (!isAtLeast(next, 'admin')) this.#mustLeaveAnAdmin(account);
      this.database
        .prepare('update accounts set role = ?, contact = ?, password = coalesce(?, password) where name = ?')
        .run(next, contact === undefined ? account.contact : contact, hash ?? null, name);
      if (hash !== undefined)
        this.database.prepare('delete from sessions where account = ? and hash <> ?').run(name, keep ?? '');
      this.#revokeThoseOf(name, (may) => !isAtLeast(next, may));
      return this.#mustFind(name);
    });
  }

  /** With its sessions and tokens. Throws `account.missing`, `account.last`. */
  remove(name: string): void {
    inTransaction(this.database, () => {
      this.#mustLeaveAnAdmin(this.#mustFind(name));
      this.database.prepare('delete from accounts where name = ?').run(name);
      this.database.prepare('delete from sessions where account = ?').run(name);
      this.#revokeThoseOf(name, () => true);
    });
  }

  #mustFind(name: string): AccountRow {
    const account = this.find(name);
    if (account !== undefined) return account;
    throw new LifeboatError('account.missing', `there is no account ${name}`, {
      hint: 'List them: lifeboat accounts list',
    });
  }

  /** Whoever was signed out while the new password was made changes nothing any more: an admin may have given the account another one. */
  #mustStand(name: string, session: string): void {
    const found = this.database.prepare('select 1 from sessions where hash = ? and account = ?').get(session, name);
    if (found === undefined) throw new LifeboatError('api.signed_out', 'the session has ended meanwhile');
  }

  #mustLeaveAnAdmin({ name }: AccountRow): void {
    const admins = this.list().filter(({ role }) => isAtLeast(role, 'admin'));
    if (admins.length !== 1 || admins[0]?.name !== name) return;
    throw new LifeboatError('account.last', `${name} is the last admin`, { hint: 'Make another one first.' });
  }

  #revokeThoseOf(name: string, isTooMuch: (role: Role) => boolean): void {
    for (const { id, by, role, revokedMs } of this.tokens())
      if (accountBehind(by) === name && revokedMs === null && isTooMuch(role)) this.#revoke(id);
  }

  /** The account, if this is its password. Takes the same time if there is no such account. Throws `api.busy`. */
  async check(name: string, password: string): Promise<AccountRow | undefined> {
    const known = this.#hashOfPassword(name);
    const isRight = await isPassword(password, known);
    // What was changed while it was tried is not the password any more.
    if (!isRight || this.#hashOfPassword(name) !== known) return undefined;
    this.database.prepare('update accounts set signed_in_ms = ? where name = ?').run(this.#clock.now(), name);
    return this.find(name);
  }

  #hashOfPassword(name: string): string | undefined {
    const row = this.database.prepare('select password from accounts where name = ?').get(name);
    return row === undefined ? undefined : String(row['password']);
  }

  tokens(): TokenRow[] {
    return this.database.prepare('select * from tokens order by created_ms desc, id').all().map(tokenOf);
  }

  /**
   * The text is nowhere else: whoever loses it makes another. `untilMs`: the end of the token that makes it, which it does not outlive. Throws
   * `limit.exceeded`.
   */
  makeToken(wish: NewToken): TokenRow & { readonly token: string } {
    const createdMs = this.#clock.now();
    const expiresMs = Math.min(createdMs + wish.days * 86_400_000, wish.untilMs ?? Infinity);
    const id = chance(10);
    const token = `lifeboat_${id}_${randomBytes(32).toString('base64url')}`;
    inTransaction(this.database, () => {
      // What ended long ago is in the audit.
      this.database.prepare('delete from tokens where expires_ms < ?').run(createdMs - 30 * 86_400_000);
      const count = Number(this.database.prepare('select count(*) as n from tokens').get()?.['n']);
      if (count >= limits.tokensMax) throw new LifeboatError('limit.exceeded', `there are ${count} tokens`);
      this.database
        .prepare(
          'insert into tokens (id, name, role, hash, made_by, created_ms, expires_ms) values (?, ?, ?, ?, ?, ?, ?)',
        )
        .run(id, wish.name, wish.role, hashOf(token), wish.by, createdMs, expiresMs);
    });
    const { name, role, by } = wish;
    return { id, name, role, by, createdMs, expiresMs, revokedMs: null, usedMs: null, token };
  }

  /**
   * With all that were made by it, and by those in turn: whoever had it may hold those too. Throws `account.missing`.
   */
  revoke(id: string): void {
    inTransaction(this.database, () => this.#revoke(id));
  }

  #revoke(id: string): void {
    const tokens = this.tokens();
    const token = tokens.find((one) => one.id === id);
    if (token === undefined) throw new LifeboatError('account.missing', `there is no token ${id}`);
    const maker = makerOf(token);
    const revoked = [token, ...tokens.filter(({ by }) => isMadeThrough(maker, by))];
    const revoke = this.database.prepare('update tokens set revoked_ms = coalesce(revoked_ms, ?) where id = ?');
    for (const one of revoked) revoke.run(this.#clock.now(), one.id);
  }

  /** The token, if it is one and good now. */
  useToken(text: string): TokenRow | undefined {
    const row = this.database.prepare('select * from tokens where hash = ?').get(hashOf(text));
    if (row === undefined) return undefined;
    const token = tokenOf(row);
    const nowMs = this.#clock.now();
    if (token.revokedMs !== null || token.expiresMs <= nowMs) return undefined;
    if (nowMs - (token.usedMs ?? 0) > limits.usedNotedMs)
      this.database.prepare('update tokens set used_ms = ? where id = ?').run(nowMs, token.id);
    return token;
  }

  close(): void {
    this.database.close();
  }
}

export const setUpIsOver = (): LifeboatError =>
  new LifeboatError('api.forbidden', 'there are accounts already: set-up is over', {
    hint: 'Sign in, or on the machine itself: lifeboat accounts add NAME --role admin',
  });

/** A token as who asks and who made another one. Names are given twice, ids are not. */
export const makerOf = ({ id, name, by }: Pick<TokenRow, 'id' | 'name' | 'by'>): string =>
  `token ${name} #${id} (by ${by})`;

/** Whether a token was made by this maker, or by what it made: the words name the whole line, also where what stood between is kept no more. */
function isMadeThrough(maker: string, by: string): boolean {
  const [one, other] = [maker, by].map((words) => words.replace(/\)+$/, '')) as [string, string];
  return other === one || other.endsWith(`(by ${one}`);
}

/** Of who made a token: `ada`, or by a token of hers `token nightly #ID (by ada)`. */
const accountBehind = (by: string): string => /\(by ([^()\s]+)\)+$/.exec(by)?.[1] ?? by;

export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

const accountOf = (row: Record<string, unknown>): AccountRow => ({
  name: String(row['name']),
  role: row['role'] as Role,
  contact: row['contact'] as string | null,
  createdMs: Number(row['created_ms']),
  signedInMs: row['signed_in_ms'] as number | null,
});

const tokenOf = (row: Record<string, unknown>): TokenRow => ({
  id: String(row['id']),
  name: String(row['name']),
  role: row['role'] as Role,
  by: String(row['made_by']),
  createdMs: Number(row['created_ms']),
  expiresMs: Number(row['expires_ms']),
  revokedMs: row['revoked_ms'] as number | null,
  usedMs: row['used_ms'] as number | null,
});
