import type * as contract from './contract/index.ts';
import { apiBase, csrfHeader } from './contract/words.ts';
import { followEvents, type EventListener } from './client-events.ts';

export interface ClientOptions {
  /** `https://dr.example:9807`; default: where the page came from. */
  readonly base?: string;
  /** Of a machine; people have a cookie. */
  readonly token?: string;
  readonly fetch?: typeof fetch;
}

/** An answer that is not as asked: what the server says of it, or that it did not answer (`status` 0). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly problem: contract.Problem;

  constructor(status: number, problem: contract.Problem) {
    super(problem.message);
    this.status = status;
    this.problem = problem;
  }
}

export type Client = ReturnType<typeof createClient>;

/**
 * Everything that the API can be asked, typed. Keeps what a session needs to change things; remembers nothing else. Every call throws `ApiError`, and
 * what an aborted signal says.
 */
export function createClient(options: ClientOptions = {}) {
  const ask = asker(options);
  const get =
    <T>(path: string) =>
    (signal?: AbortSignal): Promise<T> =>
      ask('GET', path, undefined, signal);
  const post =
    <T, B = void>(path: string) =>
    (body: B): Promise<T> =>
      ask('POST', path, body ?? {});
  const list =
    <T, Q extends object>(path: string) =>
    (query?: Q, signal?: AbortSignal): Promise<T> =>
      ask('GET', `${path}${queryText(query)}`, undefined, signal);
  return {
    session: {
      get: get<contract.Session>('/session'),
      signIn: post<contract.Session, contract.SignIn>('/session'),
      signOut: (): Promise<contract.Session> => ask('DELETE', '/session'),
      setUp: post<contract.Session, contract.SetUp>('/setup'),
      changePassword: post<contract.Session, contract.NewPassword>('/session/password'),
    },
    readiness: get<contract.Readiness>('/readiness'),
    points: {
      list: list<contract.PointList, contract.PointQuery>('/points'),
      get: (id: string) => get<contract.Point>(`/points/${encodeURIComponent(id)}`)(),
      reach: get<contract.ReachList>('/points/reach'),
    },
    restores: {
      list: get<contract.RestoreList>('/restores'),
      get: (id: string) => get<contract.Restore>(`/restores/${encodeURIComponent(id)}`)(),
      preview: post<contract.RestorePreview, contract.RestoreWish>('/restores/preview'),
      start: post<contract.Restore, contract.StartRestore>('/restores'),
      cancel: (id: string) => post<contract.Restore>(`/restores/${encodeURIComponent(id)}/cancel`)(),
    },
    runs: runsOf(ask, list),
    plan: get<contract.Plan>('/plan'),
    drills: {
      list: list<contract.DrillList, contract.DrillQuery>('/drills'),
      report: (run: string) => get<contract.Evidence>(`/drills/${encodeURIComponent(run)}/report`)(),
      /** Where the page of a report is, to be shown apart. */
      reportPage: (run: string): string =>
        `${options.base ?? ''}${apiBase}/drills/${encodeURIComponent(run)}/report.html`,
    },
    stores: get<contract.StoreList>('/stores'),
    keys: get<contract.KeyList>('/keys'),
    operations: {
      list: get<contract.OperationList>('/operations'),
      get: (id: string) => get<contract.Operation>(`/operations/${encodeURIComponent(id)}`)(),
      cancel: (id: string) => post<contract.Operation>(`/operations/${encodeURIComponent(id)}/cancel`)(),
      backup: post<contract.Operation, contract.StartBackups>('/backups'),
      verify: post<contract.Operation, contract.StartVerification>('/verifications'),
    },
    audit: list<contract.AuditList, contract.AuditQuery>('/audit'),
    accounts: {
      list: get<contract.AccountList>('/accounts'),
      add: post<contract.Account, contract.NewAccount>('/accounts'),
      change: (name: string, body: contract.AccountChange): Promise<contract.Account> =>
        ask('POST', `/accounts/${encodeURIComponent(name)}`, body),
      remove: (name: string): Promise<contract.AccountList> => ask('DELETE', `/accounts/${encodeURIComponent(name)}`),
    },
    tokens: {
      list: get<contract.TokenList>('/tokens'),
      create: post<contract.MadeToken, contract.NewToken>('/tokens'),
      revoke: (id: string): Promise<contract.TokenList> => ask('DELETE', `/tokens/${encodeURIComponent(id)}`),
    },
    /** Until the signal fires; comes back by itself, and goes on where it was. */
    events: (listener: EventListener, signal: AbortSignal): Promise<void> => followEvents(options, listener, signal),
  };
}

type Ask = <T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown, signal?: AbortSignal) => Promise<T>;
type List = <T, Q extends object>(path: string) => (query?: Q, signal?: AbortSignal) => Promise<T>;

function runsOf(ask: Ask, list: List) {
  const act =
    <T, B>(what: string) =>
    (run: string, body: B): Promise<T> =>
      ask('POST', `/runs/${encodeURIComponent(run)}/${what}`, body ?? {});
  return {
    list: list<contract.RunList, contract.RunQuery>('/runs'),
    get: (run: string, signal?: AbortSignal): Promise<contract.Run> =>
      ask('GET', `/runs/${encodeURIComponent(run)}`, undefined, signal),
    start: (body: contract.StartRun): Promise<contract.StartedRun> => ask('POST', '/runs', body),
    approve: act<contract.Said, contract.Say>('approve'),
    attest: act<contract.Said, contract.Say>('attest'),
    choose: act<contract.Said, contract.Say>('choose'),
    resume: act<contract.Acted, contract.Resume>('resume'),
    retry: act<contract.Acted, contract.Resume>('retry'),
    skip: act<contract.Acted, contract.Skip>('skip'),
    pause: act<contract.Acted, contract.WithReason>('pause'),
    cancel: act<contract.Acted, contract.WithReason>('cancel'),
    rollback: act<contract.RollbackPlan, contract.Rollback>('rollback'),
  };
}

function asker({ base = '', token, fetch: send = fetch }: ClientOptions): Ask {
  let csrf: string | null = null;
  const known = new Known();
  return async <T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> => {
    const before = method === 'GET' ? known.of(path) : undefined;
    const answer = await send(`${base}${apiBase}${path}`, {
      method,
      credentials: 'same-origin',
      redirect: 'error',
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(method === 'GET' || csrf === null ? {} : { [csrfHeader]: csrf }),
        ...(before === undefined ? {} : { 'if-none-match': before.tag }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    }).catch((error: unknown) => {
      if (signal?.aborted) throw signal.reason;
      throw new ApiError(0, { code: 'target.unreachable', message: wordsOf(error), retry: 'later' });
    });
    if (answer.status === 304 && before !== undefined) return before.content as T;
    const content = await contentOf(answer);
    if (!answer.ok) throw new ApiError(answer.status, problemOf(answer.status, content));
    csrf = csrfOf(path, content) ?? csrf;
    if (method === 'GET') known.keep(path, answer.headers.get('etag'), content);
    return content as T;
  };
}

/** The last answers, by what was asked: one that still holds is not sent again, and is the very same. */
class Known {
  readonly #answers = new Map<string, { readonly tag: string; readonly content: unknown }>();

  of(path: string): { readonly tag: string; readonly content: unknown } | undefined {
    return this.#answers.get(path);
  }

  keep(path: string, tag: string | null, content: unknown): void {
    this.#answers.delete(path);
    if (tag === null) return;
    this.#answers.set(path, { tag, content });
    const oldest = this.#answers.size > answersRememberedMax ? this.#answers.keys().next().value : undefined;
    if (oldest !== undefined) this.#answers.delete(oldest);
  }
}

/** The rooms of a page, and what was looked into. */
const answersRememberedMax = 40;

async function contentOf(answer: Response): Promise<unknown> {
  try {
    return await answer.json();
  } catch {
    return undefined; // no JSON: something else answered, which the status says
  }
}

function problemOf(status: number, content: unknown): contract.Problem {
  const said = (content as contract.Failure | undefined)?.error;
  if (typeof said?.code === 'string') return said;
  return { code: 'target.unreadable', message: `the server answers ${status} without a word`, retry: 'later' };
}

const csrfOf = (path: string, content: unknown): string | undefined =>
  path === '/session' || path === '/setup' ? ((content as { csrf?: string | null }).csrf ?? undefined) : undefined;

const wordsOf = (error: unknown): string =>
  `the server does not answer: ${error instanceof Error ? error.message : ''}`;

function queryText(query: object | undefined): string {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
  return given.length === 0
    ? ''
    : `?${new URLSearchParams(Object.fromEntries(given.map(([key, value]) => [key, String(value)])))}`;
}
