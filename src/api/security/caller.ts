import { isIP } from 'node:net';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import { LifeboatError } from '../../core/index.ts';
import { csrfHeader, isAtLeast, type Role } from '../contract/index.ts';
import { makerOf, type Accounts } from './accounts.ts';
import { isCsrf, type Sessions } from './sessions.ts';

/** Who asks, as it was shown. */
export interface Caller {
  /** An account, or `token NAME #ID (by MAKER)`: two tokens of one name are two. */
  readonly name: string;
  readonly role: Role;
  /** The contact of the plan that this account is; none for a token: nobody answers for it. */
  readonly contact: string | undefined;
  readonly by: 'session' | 'token';
  readonly expiresMs: number;
  /** Of a session: its id. */
  readonly session: string | undefined;
}

export interface Env {
  Bindings: HttpBindings;
  Variables: { caller: Caller | undefined; address: string };
}
export type Asking = Context<Env>;

/**
 * Who asks: a token in the header, else a session in the cookie; undefined for who shows nothing. A token that is wrong, expired or revoked is
 * refused, and not looked past. Throws `api.signed_out`.
 */
export function callerOf(asking: Asking, accounts: Accounts, sessions: Sessions): Caller | undefined {
  const header = asking.req.header('authorization');
  if (header !== undefined) return tokenCaller(header, accounts);
  const id = sessionIdOf(asking);
  const session = id === undefined ? undefined : sessions.find(id);
  if (session === undefined) return undefined;
  const { account, expiresMs } = session;
  const { name, role, contact } = account;
  return { name, role, contact: contact ?? undefined, by: 'session', expiresMs, session: id };
}

function tokenCaller(header: string, accounts: Accounts): Caller {
  const text = /^Bearer (lifeboat_[\w-]{20,100})$/i.exec(header)?.[1];
  const token = text === undefined ? undefined : accounts.useToken(text);
  if (token === undefined) {
    throw new LifeboatError('api.signed_out', 'this token is not known, has expired or was revoked', {
      hint: 'Make another one: lifeboat tokens create NAME --role viewer',
    });
  }
  const { role, expiresMs } = token;
  return { name: makerOf(token), role, contact: undefined, by: 'token', expiresMs, session: undefined };
}

/** Throws `api.signed_out`, `api.forbidden`. */
export function mustBe(caller: Caller | undefined, needed: Role): Caller {
  if (caller === undefined) {
    throw new LifeboatError('api.signed_out', 'nobody is signed in, or not any more', { hint: 'Sign in again.' });
  }
  if (isAtLeast(caller.role, needed)) return caller;
  throw new LifeboatError('api.forbidden', `this needs the role ${needed}, and ${caller.name} is ${caller.role}`, {
    hint: 'Ask somebody who has it, or an admin.',
  });
}

/**
 * A browser that is made to ask by another page sends the cookie, and says where it comes from: then it is refused. What a session changes needs
 * its own word besides. Throws `api.foreign`.
 */
export function mustBeOurPage(asking: Asking, caller: Caller | undefined): void {
  const origin = asking.req.header('origin');
  const site = asking.req.header('sec-fetch-site');
  const isForeign =
    (origin !== undefined && !ownOrigins(asking).includes(origin)) ||
    (site !== undefined && site !== 'same-origin' && site !== 'none');
  const isUnsaid = caller?.session !== undefined && !isCsrf(caller.session, asking.req.header(csrfHeader));
  if (!isForeign && !isUnsaid) return;
  throw new LifeboatError('api.foreign', 'this change was not asked for by a page of this server', {
    hint: `Load the page again; a program sends the csrf of its session in ${csrfHeader}, or has a token.`,
  });
}

/**
 * A name of another site that leads here is a page of others that would read our answers. What has no name cannot be made to lead here. Throws
 * `api.foreign`.
 */
export function mustBeOurName(asking: Asking, names: ReadonlySet<string>): void {
  const host = asking.req.header('host') ?? '';
  const name = (/^\[([0-9a-f:.]+)\](?::\d+)?$/i.exec(host)?.[1] ?? host.replace(/:\d+$/, '')).toLowerCase();
  if (isIP(name) !== 0 || names.has(name)) return;
  throw new LifeboatError('api.foreign', 'this server is not known by that name', {
    hint: 'Tell it its names: lifeboat serve --name HOST',
  });
}

/** Where who asks is; nothing that they write is believed. */
export const addressOf = (asking: Asking): string => asking.get('address');

export const isSecure = (asking: Asking): boolean => 'encrypted' in asking.env.incoming.socket;

/** Whether the page that asks came by TLS, from us or from who speaks it before us: so a browser says with each change. */
export const cameByTls = (asking: Asking): boolean =>
  isSecure(asking) || asking.req.header('origin')?.startsWith('https://') === true;

/** Of a page of ours. Where somebody speaks TLS before us, a browser says that of the same host; nobody else has our host and port. */
function ownOrigins(asking: Asking): readonly string[] {
  const host = asking.req.header('host') ?? '';
  return isSecure(asking) ? [`https://${host}`] : [`http://${host}`, `https://${host}`];
}

/** Cookies know no ports: two servers of one machine each have a name of their own. Under TLS no other host or path can set it. */
export function cookieName(asking: Asking): string {
  const port = asking.env.incoming.socket.localPort ?? 0;
  return `${isSecure(asking) ? '__Host-' : ''}lifeboat-${port}`;
}

export const sessionIdOf = (asking: Asking): string | undefined => {
  const id = getCookie(asking, cookieName(asking));
  return id !== undefined && /^[\w-]{43}$/.test(id) ? id : undefined;
};
