import { z } from 'zod';
import { isoTime } from '../../core/index.ts';
import {
  account,
  accountChange,
  accountList,
  accountName,
  auditList,
  auditQuery,
  madeToken,
  newAccount,
  newToken,
  tokenList,
  type Account,
  type Token,
} from '../contract/index.ts';
import { readAudit } from '../audit.ts';
import { define } from '../define.ts';
import type { Desk } from '../desk.ts';
import type { AccountRow, TokenRow } from '../security/accounts.ts';

/** Accounts, tokens, and who changed what. */
export function peopleRoutes(desk: Desk): void {
  accountRoutes(desk);
  tokenRoutes(desk);
  define(
    desk,
    {
      method: 'get',
      path: '/audit',
      needs: 'admin',
      about: 'Who changed what, newest first',
      query: auditQuery,
      answer: auditList,
    },
    ({ query }) => readAudit(desk, query),
  );
}

function accountRoutes(desk: Desk): void {
  const { accounts } = desk;
  define(
    desk,
    { method: 'get', path: '/accounts', needs: 'admin', about: 'Who has an account', answer: accountList },
    () => ({ accounts: accounts.list().map(accountOf) }),
  );
  define(
    desk,
    {
      method: 'post',
      path: '/accounts',
      needs: 'admin',
      about: 'Add an account',
      body: newAccount,
      answer: account,
      status: 201,
    },
    async ({ body, about }) => {
      about(`${body.name} as ${body.role}`);
      return accountOf(await accounts.add(body));
    },
  );
  const params = z.object({ name: accountName });
  define(
    desk,
    {
      method: 'post',
      path: '/accounts/{name}',
      needs: 'admin',
      about: 'Change an account: what it may, as whom it speaks, its password',
      params,
      body: accountChange,
      answer: account,
    },
    async ({ params: { name }, body, about }) => {
      const { role, contact, password } = body;
      const what = [
        ...(role === undefined ? [] : [`as ${role}`]),
        ...(contact === undefined ? [] : [`speaks as ${contact ?? 'nobody'}`]),
        ...(password === undefined ? [] : ['another password']),
      ];
      about(`${name}: ${what.join(', ') || 'nothing'}`);
      return accountOf(await accounts.change(name, body));
    },
  );
  define(
    desk,
    {
      method: 'delete',
      path: '/accounts/{name}',
      needs: 'admin',
      about: 'Remove an account, with its sessions and tokens',
      params,
      answer: accountList,
    },
    ({ params: { name }, about }) => {
      about(name);
      accounts.remove(name);
      return { accounts: accounts.list().map(accountOf) };
    },
  );
}

function tokenRoutes(desk: Desk): void {
  const { accounts } = desk;
  const list = () => ({ tokens: accounts.tokens().map((token) => tokenOf(desk, token)) });
  define(
    desk,
    { method: 'get', path: '/tokens', needs: 'admin', about: 'Tokens of programs', answer: tokenList },
    list,
  );
  define(
    desk,
    {
      method: 'post',
      path: '/tokens',
      needs: 'admin',
      about: 'Make a token; shown this once',
      body: newToken,
      answer: madeToken,
      status: 201,
    },
    ({ body, caller, about }) => {
      about(`${body.name} as ${body.role}, ${body.days} days`);
      const untilMs = caller.by === 'token' ? caller.expiresMs : undefined;
      const { token, ...row } = accounts.makeToken({ ...body, by: caller.name, untilMs });
      return { ...tokenOf(desk, row), token };
    },
  );
  define(
    desk,
    {
      method: 'delete',
      path: '/tokens/{id}',
      needs: 'admin',
      about: 'Revoke a token',
      params: z.object({ id: z.string().regex(/^[0-9a-z]{10}$/) }),
      answer: tokenList,
    },
    ({ params: { id }, about }) => {
      const name = accounts.tokens().find((token) => token.id === id)?.name;
      about(name === undefined ? id : `${name} (${id})`);
      accounts.revoke(id);
      return list();
    },
  );
}

const accountOf = ({ name, role, contact, createdMs, signedInMs }: AccountRow): Account => ({
  name,
  role,
  contact,
  createdAt: isoTime(createdMs),
  signedInAt: signedInMs === null ? null : isoTime(signedInMs),
});

function tokenOf({ host }: Desk, { id, name, role, by, createdMs, expiresMs, revokedMs, usedMs }: TokenRow): Token {
  return {
    id,
    name,
    role,
    by,
    createdAt: isoTime(createdMs),
    expiresAt: isoTime(expiresMs),
    usedAt: usedMs === null ? null : isoTime(usedMs),
    state: revokedMs !== null ? 'revoked' : expiresMs <= host.clock.now() ? 'expired' : 'good',
  };
}
