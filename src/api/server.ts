import { X509Certificate } from 'node:crypto';
import type { BlockList } from 'node:net';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Answering, OpenWorkspace, ServeEvent, ServeHost } from '../app/index.ts';
import { isoTime, LifeboatError, limits, redact, type Progress } from '../core/index.ts';
import type { Workspace } from '../operations/index.ts';
import { apiBase, type ApiEvent } from './contract/index.ts';
import { Answers } from './answers.ts';
import type { Desk } from './desk.ts';
import { failureOf } from './failures.ts';
import { openApiDocument } from './open-api.ts';
import { routes } from './routes/index.ts';
import { Accounts } from './security/accounts.ts';
import { addressOf, callerOf, isSecure, mustBeOurName, type Asking, type Env } from './security/caller.ts';
import { headersOf } from './security/headers.ts';
import { Limiter } from './security/limiter.ts';
import { askerOf, networkOf, proxiesOf } from './security/network.ts';
import { Sessions } from './security/sessions.ts';
import { SetUpCode } from './security/set-up-code.ts';
import { DrillsView } from './views/drills-view.ts';
import { planView } from './views/plan-view.ts';
import { pointsView } from './views/points-view.ts';
import { readinessView } from './views/readiness-view.ts';
import { RunsView } from './views/runs-view.ts';
import { Events } from './hands/events.ts';
import { Lender } from './hands/lend.ts';
import { Operations } from './hands/operations.ts';
import { Outputs } from './hands/outputs.ts';
import { Restores } from './hands/restores.ts';

export interface ApiOptions {
  /** By which people reach this server, beside its addresses and what its certificate says. */
  readonly names?: readonly string[];
  /** Addresses and nets of who speaks TLS before it: they say for whom they ask. */
  readonly behind?: readonly string[];
  /** PEM, where it speaks TLS itself. */
  readonly certificate?: string;
  /** Restores that are asked for here go below it; default: `restored` in the folder of state. */
  readonly restoreTo?: string;
  /** Hold every answer against the contract: in tests. */
  readonly checksAnswers?: boolean;
}

/** The API of a server: opens accounts and journal, and answers until it is closed. Throws `input.flag`, `input.file`, `journal.*`, `disk.*`. */
export async function openApi(host: ServeHost, options: ApiOptions = {}): Promise<Answering> {
  const proxies = proxiesOf(options.behind ?? []);
  const workspace = await host.open();
  const accounts = new Accounts(host.stateFolder, host.clock);
  const app = new OpenAPIHono<Env>({
    defaultHook: (read) => {
      if (!read.success) throw invalid(read.target, read.error.issues);
    },
  });
  const lender = new Lender(host);
  const events = new Events(workspace.journal, host.clock, host.signal);
  const desk = {
    ...deskOf(host, workspace, accounts, events, options),
    app,
    lend: <T>(work: (lent: Workspace) => Promise<T>, progress?: Progress) => lender.lend(work, progress),
    views: undefined as unknown as Desk['views'],
  };
  desk.views = viewsOf(desk);
  const deaf = host.hear((event) => events.tell(noteOf(event, isoTime(host.clock.now()))));
  const outer = new OpenAPIHono<Env>();
  beforeAll(desk, outer, namesOf(host, options), proxies);
  for (const add of routes) add(desk);
  openApiDocument(desk);
  outer.route(apiBase, app);
  const handle = getRequestListener(outer.fetch as never, { overrideGlobalObjects: false });
  return {
    handle: (request, response) => void handle(request, response),
    listening: (url) => {
      // Whoever comes first shall not wait until every store was asked; what fails here is said to who asks.
      for (const view of [desk.views.readiness, desk.views.points]) view.get().catch(() => {});
      if (accounts.isEmpty) host.say({ event: 'set_up', code: desk.setUpCode.make(), url });
    },
    close: async () => {
      deaf();
      events.close();
      await desk.operations.close();
      await lender.close();
      accounts.close();
      await workspace.close();
    },
  };
}

function deskOf(
  host: ServeHost,
  workspace: OpenWorkspace,
  accounts: Accounts,
  events: Events,
  { checksAnswers = false, restoreTo }: ApiOptions,
): Omit<Desk, 'app' | 'lend' | 'views'> {
  const { clock, stateFolder } = host;
  const { journal } = workspace;
  const restores = new Restores(clock, restoreTo ?? join(stateFolder, 'restored'));
  const operations = new Operations(clock, (operation) => {
    const at = isoTime(clock.now());
    if (restores.has(operation.id)) events.tell({ type: 'restore', at, restore: restores.show(operation) });
    events.tell({ type: 'operation', at, operation });
  });
  return {
    host,
    journal,
    accounts,
    sessions: new Sessions(accounts, clock),
    setUpCode: new SetUpCode(),
    answers: new Answers(),
    limiters: {
      signInOfAccount: new Limiter(clock, limits.signInFailuresOfAccount, limits.signInWindowMs),
      signInOfAddress: new Limiter(clock, limits.signInFailuresOfAddress, limits.signInWindowMs),
      signInAnywhere: new Limiter(clock, limits.signInFailuresAnywhere, limits.signInWindowMs),
    },
    events,
    operations,
    restores,
    outputs: new Outputs(clock, (event) => events.tell(event)),
    changes: new Map(),
    here: () => ({ ...workspace, plan: host.plan() }),
    checksAnswers,
  };
}

const viewsOf = (desk: Desk): Desk['views'] => ({
  plan: planView(desk),
  readiness: readinessView(desk),
  points: pointsView(desk),
  runs: new RunsView(desk.journal),
  drills: new DrillsView(desk.journal),
});

/** What the server says of itself, for pages that show it. */
function noteOf(event: ServeEvent, at: string): ApiEvent {
  const words = [
    'task' in event ? event.task : undefined,
    'words' in event ? event.words : undefined,
    'outcome' in event ? `${event.outcome.state}: ${event.outcome.words}` : undefined,
    'error' in event ? event.error.message : undefined,
  ].filter((part) => part !== undefined);
  return { type: 'note', at, event: event.event, words: redact(words.join(': ')) };
}

/** What holds for every question, whatever it is about. */
function beforeAll(desk: Desk, outer: OpenAPIHono<Env>, names: ReadonlySet<string>, proxies: BlockList): void {
  const perMinute = new Limiter(desk.host.clock, limits.apiRequestsPerMinute, 60_000);
  outer.use(async (asking, next) => {
    for (const [name, value] of Object.entries(headersOf(isSecure(asking)))) asking.header(name, value);
    mustBeOurName(asking, names);
    const connected = asking.env.incoming.socket.remoteAddress ?? 'unknown';
    asking.set('address', askerOf(connected, asking.req.header('x-forwarded-for'), proxies));
    perMinute.mustBeFree(networkOf(addressOf(asking)));
    perMinute.note(networkOf(addressOf(asking)));
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
