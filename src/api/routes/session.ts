import { setCookie } from 'hono/cookie';
import { isoTime, LifeboatError, limits } from '../../core/index.ts';
import { newPassword, session, setUp, signIn, type Session } from '../contract/index.ts';
import { define } from '../define.ts';
import type { Desk } from '../desk.ts';
import { hashOf, setUpIsOver, type AccountRow } from '../security/accounts.ts';
import { addressOf, cameByTls, cookieName, sessionIdOf, type Asking, type Caller } from '../security/caller.ts';
import { networkOf } from '../security/network.ts';
import { csrfOf } from '../security/sessions.ts';

/** Signing in and out, and the first account. */
export function sessionRoutes(desk: Desk): void {
  define(
    desk,
    { method: 'get', path: '/session', needs: 'nobody', about: 'Who is signed in', answer: session },
    ({ caller }) => (caller === undefined ? signedOut(desk) : sessionOf(desk, caller)),
  );
  define(
    desk,
    { method: 'post', path: '/session', needs: 'nobody', about: 'Sign in', body: signIn, answer: session },
    async ({ asking, body, about }) => {
      about(body.name);
      const account = await tried(desk, asking, body);
      if (account === undefined) throw new LifeboatError('api.signed_out', 'name or password is wrong');
      return begin(desk, asking, account.name);
    },
  );
  define(
    desk,
    { method: 'delete', path: '/session', needs: 'nobody', about: 'Sign out', answer: session },
    ({ asking, caller }) => {
      if (caller?.session !== undefined) desk.sessions.end(caller.session);
      setCookie(asking, cookieName(asking), '', { ...cookieSettings(asking), maxAge: 0 });
      return signedOut(desk);
    },
  );
  define(
    desk,
    {
      method: 'post',
      path: '/session/password',
      needs: 'viewer',
      about: 'Change your own password',
      body: newPassword,
      answer: session,
    },
    async ({ asking, body, caller }) => {
      const { name, session: id } = caller;
      if (id === undefined) throw new LifeboatError('api.forbidden', 'a token has no password');
      // Whoever finds a page left open does not guess what it was.
      if ((await tried(desk, asking, { name, password: body.password })) === undefined)
        throw new LifeboatError('api.forbidden', 'this is not the password as it is now');
      await desk.accounts.change(name, { password: body.next }, hashOf(id));
      return sessionOf(desk, caller);
    },
  );
  define(
    desk,
    { method: 'post', path: '/setup', needs: 'nobody', about: 'Make the first admin', body: setUp, answer: session },
    async ({ asking, body, about }) => {
      about(body.name);
      const network = networkOf(addressOf(asking));
      desk.limiters.signInOfAddress.mustBeFree(network);
      desk.limiters.signInOfAddress.note(network);
      if (!desk.accounts.isEmpty) throw setUpIsOver();
      if (!desk.setUpCode.isRight(body.code)) {
        throw new LifeboatError('api.signed_out', 'this is not the code', {
          hint: '`lifeboat serve` says it on its terminal each time it starts, as long as there is no account.',
        });
      }
      const { name, password, contact } = body;
      await desk.accounts.add({ name, password, contact, role: 'admin' }, true);
      desk.setUpCode.forget();
      desk.limiters.signInOfAddress.takeBack(network);
      return begin(desk, asking, name);
    },
  );
}

/**
 * The account, if this is its password. Counted before it is known, so that those who try at once count each other. What was right is taken back: many
 * people of one house sign in on the day; and so is what was not tried at all, for a crowd is no guesser. Throws `api.busy`.
 */
async function tried(
  { accounts, limiters }: Desk,
  asking: Asking,
  { name, password }: { readonly name: string; readonly password: string },
): Promise<AccountRow | undefined> {
  const { signInOfAccount, signInOfAddress, signInAnywhere } = limiters;
  const network = networkOf(addressOf(asking));
  const counted = [
    [signInOfAccount, `${name} from ${network}`],
    [signInOfAddress, network],
    [signInAnywhere, name],
  ] as const;
  for (const [limiter, what] of counted) limiter.mustBeFree(what);
  for (const [limiter, what] of counted) limiter.note(what);
  const takeBack = (): void => counted.forEach(([limiter, what]) => limiter.takeBack(what));
  const account = await accounts.check(name, password).catch((error: unknown) => {
    takeBack();
    throw error;
  });
  if (account === undefined) return undefined;
  takeBack();
  signInOfAccount.forget(`${name} from ${network}`);
  return account;
}

/** Another id than the browser came with, which ends: nobody can have known it before. */
function begin(desk: Desk, asking: Asking, name: string): Session {
  const before = sessionIdOf(asking);
  if (before !== undefined) desk.sessions.end(before);
  const id = desk.sessions.begin(name, addressOf(asking));
  const found = desk.sessions.find(id);
  if (found === undefined) throw new LifeboatError('api.signed_out', 'the account went away meanwhile');
  const { account, expiresMs } = found;
  setCookie(asking, cookieName(asking), id, {
    ...cookieSettings(asking),
    maxAge: Math.floor(limits.sessionMs / 1000),
  });
  const caller: Caller = {
    name,
    role: account.role,
    contact: account.contact ?? undefined,
    by: 'session',
    expiresMs,
    session: id,
  };
  asking.set('caller', caller);
  return sessionOf(desk, caller);
}

const cookieSettings = (asking: Asking) =>
  ({ httpOnly: true, sameSite: 'Strict', secure: cameByTls(asking), path: '/' }) as const;

const signedOut = ({ accounts }: Desk): Session => ({ signedIn: false, setup: accounts.isEmpty });

function sessionOf({ host }: Desk, { name, role, contact, by, expiresMs, session: id }: Caller): Session {
  return {
    signedIn: true,
    me: { name, role, contact: contact ?? null, by },
    csrf: id === undefined ? null : csrfOf(id),
    expiresAt: isoTime(expiresMs),
    plan: host.plan().name,
    tool: host.tool,
    host: host.name,
    at: isoTime(host.clock.now()),
  };
}
