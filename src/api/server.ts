import { X509Certificate } from 'node:crypto';
import { getRequestListener } from '@hono/node-server';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Answering, ServeHost } from '../app/index.ts';
import { LifeboatError, limits } from '../core/index.ts';
import { apiBase } from './contract/index.ts';
import type { Desk } from './desk.ts';
import { failureOf } from './failures.ts';
import { openApiDocument } from './open-api.ts';
import { routes } from './routes/index.ts';
import { Accounts } from './security/accounts.ts';
import { addressOf, callerOf, isSecure, mustBeOurName, type Asking, type Env } from './security/caller.ts';
import { headersOf } from './security/headers.ts';
import { Limiter } from './security/limiter.ts';
import { Sessions } from './security/sessions.ts';
import { SetUpCode } from './security/set-up-code.ts';

export interface ApiOptions {
  /** By which people reach this server, beside its addresses and what its certificate says. */
  readonly names?: readonly string[];
  /** PEM, where it speaks TLS itself. */
  readonly certificate?: string;
  /** Hold every answer against the contract: in tests. */
  readonly checksAnswers?: boolean;
}

/** The API of a server: opens accounts and journal, and answers until it is closed. Throws `input.file`, `journal.*`, `disk.*`. */
export async function openApi(host: ServeHost, options: ApiOptions = {}): Promise<Answering> {
  const workspace = await host.open();
  const accounts = new Accounts(host.stateFolder, host.clock);
  const app = new OpenAPIHono<Env>({
    defaultHook: (read) => {
      if (!read.success) throw invalid(read.target, read.error.issues);
    },
  });
  const desk: Desk = {
    app,
    host,
    journal: workspace.journal,
    accounts,
    sessions: new Sessions(accounts, host.clock),
    setUpCode: new SetUpCode(),
    limiters: {
      signInOfAccount: new Limiter(host.clock, limits.signInFailuresOfAccount, limits.signInWindowMs),
      signInOfAddress: new Limiter(host.clock, limits.signInFailuresOfAddress, limits.signInWindowMs),
    },
    checksAnswers: options.checksAnswers ?? false,
  };
  const outer = new OpenAPIHono<Env>();
  beforeAll(desk, outer, namesOf(host, options));
  for (const add of routes) add(desk);
  openApiDocument(desk);
  outer.route(apiBase, app);
  const handle = getRequestListener(outer.fetch as never, { overrideGlobalObjects: false });
  return {
    handle: (request, response) => void handle(request, response),
    listening: (url) => {
      if (accounts.isEmpty) host.say({ event: 'set_up', code: desk.setUpCode.make(), url });
    },
    close: async () => {
      accounts.close();
      await workspace.close();
    },
  };
}

/** What holds for every question, whatever it is about. */
function beforeAll(desk: Desk, outer: OpenAPIHono<Env>, names: ReadonlySet<string>): void {
  const perMinute = new Limiter(desk.host.clock, limits.apiRequestsPerMinute, 60_000);
  outer.use(async (asking, next) => {
    for (const [name, value] of Object.entries(headersOf(isSecure(asking)))) asking.header(name, value);
    mustBeOurName(asking, names);
    perMinute.mustBeFree(addressOf(asking));
    perMinute.note(addressOf(asking));
    await next();
  });
  outer.use(async (asking, next) => {
    mustBeSmall(asking);
    await next();
  });
  outer.use(async (asking, next) => {
    asking.set('caller', callerOf(asking, desk.accounts, desk.sessions));
    await next();
  });
  outer.notFound(() => {
    throw new LifeboatError('api.unknown', 'there is nothing at this address', { hint: `See ${apiBase}/openapi.json` });
  });
  outer.onError((thrown, asking) => {
    const { status, problem, error } = failureOf(thrown);
    if (error.code === 'internal') desk.host.say({ event: 'trouble', error });
    if (status === 429) asking.header('retry-after', '60');
    return asking.json({ error: problem }, status);
  });
}

/** What is sent says how long it is, and the server holds it to that: so nothing is read to find out. Throws `api.too_large`. */
function mustBeSmall(asking: Asking): void {
  const bytes = Number(asking.req.header('content-length') ?? 0);
  const isUnsaid = asking.req.header('transfer-encoding') !== undefined;
  if (!isUnsaid && bytes <= limits.apiBodyBytesMax) return;
  throw new LifeboatError(
    'api.too_large',
    `a question has ${limits.apiBodyBytesMax} bytes at most, and says its length`,
  );
}

/** Names by which a browser may know us: what has a certificate was proved to be ours. */
function namesOf({ name }: ServeHost, { names = [], certificate }: ApiOptions): ReadonlySet<string> {
  const said = certificate === undefined ? '' : (new X509Certificate(certificate).subjectAltName ?? '');
  const certified = [...said.matchAll(/DNS:([^\s,*]+)/g)].map(([, one = '']) => one);
  return new Set(['localhost', name, ...names, ...certified].map((one) => one.toLowerCase()));
}

function invalid(target: string, issues: readonly { path: readonly PropertyKey[]; message: string }[]): LifeboatError {
  const [first] = issues;
  const more = issues.length > 1 ? `, and ${issues.length - 1} more` : '';
  const where = [target === 'json' ? 'body' : target, ...(first?.path ?? [])].map(String).join('.');
  return new LifeboatError('api.invalid', `${where}: ${first?.message ?? 'is not as it should be'}${more}`, { where });
}
