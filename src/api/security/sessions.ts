import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { limits, type Clock } from '../../core/index.ts';
import { hashOf, type AccountRow, type Accounts } from './accounts.ts';
import { inTransaction } from './database.ts';

export interface OpenSession {
  readonly account: AccountRow;
  readonly expiresMs: number;
}

/** Who is signed in. The id in the cookie is all that there is of a session; here is its hash. */
export class Sessions {
  readonly #accounts: Accounts;
  readonly #clock: Clock;

  constructor(accounts: Accounts, clock: Clock) {
    this.#accounts = accounts;
    this.#clock = clock;
  }

  /** A new id each time, whatever the browser had before. */
  begin(account: string, address: string): string {
    const id = randomBytes(32).toString('base64url');
    const nowMs = this.#clock.now();
    const { database } = this.#accounts;
    inTransaction(database, () => {
      database
        .prepare('delete from sessions where created_ms <= ? or seen_ms <= ?')
        .run(nowMs - limits.sessionMs, nowMs - limits.sessionIdleMs);
      database
        .prepare('insert into sessions (hash, account, created_ms, seen_ms, address) values (?, ?, ?, ?, ?)')
        .run(hashOf(id), account, nowMs, nowMs, address);
      database
        .prepare(
          'delete from sessions where hash in (select hash from sessions where account = ? order by created_ms desc, rowid desc limit -1 offset ?)',
        )
        .run(account, limits.sessionsPerAccountMax);
    });
    return id;
  }

  find(id: string): OpenSession | undefined {
    const { database } = this.#accounts;
    const row = database.prepare('select * from sessions where hash = ?').get(hashOf(id));
    if (row === undefined) return undefined;
    const nowMs = this.#clock.now();
    const [createdMs, seenMs] = [Number(row['created_ms']), Number(row['seen_ms'])];
    const expiresMs = Math.min(createdMs + limits.sessionMs, Math.max(seenMs, nowMs) + limits.sessionIdleMs);
    if (nowMs >= createdMs + limits.sessionMs || nowMs >= seenMs + limits.sessionIdleMs) return undefined;
    const account = this.#accounts.find(String(row['account']));
    if (account === undefined) return undefined;
    if (nowMs - seenMs > limits.usedNotedMs)
      database.prepare('update sessions set seen_ms = ? where hash = ?').run(nowMs, hashOf(id));
    return { account, expiresMs };
  }

  end(id: string): void {
    this.#accounts.database.prepare('delete from sessions where hash = ?').run(hashOf(id));
  }
}

/** Bound to the session: another page can make a browser send the cookie, but cannot know this. */
export const csrfOf = (id: string): string => createHmac('sha256', id).update('lifeboat/1/csrf').digest('base64url');

export function isCsrf(id: string, given: string | undefined): boolean {
  const [wanted, found] = [Buffer.from(csrfOf(id)), Buffer.from(given ?? '')];
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}
