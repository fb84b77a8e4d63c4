import { createRoute, type z } from '@hono/zod-openapi';
import { isLifeboatError, LifeboatError } from '../core/index.ts';
import { writeAudit } from './audit.ts';
import { failure, type Role } from './contract/index.ts';
import type { Desk } from './desk.ts';
import { failureOf } from './failures.ts';
import { addressOf, callerOf, mustBe, mustBeOurPage, type Asking, type Caller } from './security/caller.ts';

type Schema = z.ZodType;
type Read<S> = S extends Schema ? z.output<S> : undefined;

export interface RouteSpec<Q, P, B, A extends Schema> {
  readonly method: 'get' | 'post' | 'delete';
  /** Below `/api/v1`: `/runs/{id}`. */
  readonly path: string;
  /** The least role; `nobody`: who is not signed in may ask too. */
  readonly needs: Role | 'nobody';
  readonly about: string;
  readonly query?: Q;
  readonly params?: P;
  readonly body?: B;
  readonly answer: A;
  readonly status?: 200 | 201 | 202;
  /**
   * Of a GET: changes whenever its answer to this caller may, and is quickly told; who has the answer of this revision is told that it still holds.
   * Undefined: the answer depends on the moment.
   */
  revision?(
    question: Question<Q, P, B> & { readonly caller: Caller },
  ): Promise<string | undefined> | string | undefined;
}

export interface Question<Q, P, B> {
  readonly query: Read<Q>;
  readonly params: Read<P>;
  readonly body: Read<B>;
  readonly asking: Asking;
  /** What the audit says that it was about; of a change. */
  about(words: string): void;
}

/**
 * The one way a route comes into being: what it needs of who asks, what it takes and gives, and for a change the record that it leaves, whatever
 * became of it.
 */
export function define<
  A extends Schema,
  Q extends Schema | undefined = undefined,
  P extends Schema | undefined = undefined,
  B extends Schema | undefined = undefined,
>(
  desk: Desk,
  spec: RouteSpec<Q, P, B, A>,
  answer: (question: Question<Q, P, B> & { readonly caller: Caller }) => Promise<z.output<A>> | z.output<A>,
): void {
  const { method, path, needs, status = 200 } = spec;
  if (method !== 'get') desk.changes.set(nameOf(spec), spec.about);
  const route = createRoute({
    method,
    path,
    tags: [path.split('/')[1] ?? ''],
    summary: spec.about,
    description: needs === 'nobody' ? 'Whoever asks.' : `Needs the role ${needs}.`,
    ...(needs === 'nobody' ? {} : { security: [{ session: [] }, { token: [] }] }),
    request: requestOf(spec),
    responses: {
      [status]: { description: 'As asked', content: { 'application/json': { schema: spec.answer } } },
      default: { description: 'An error of the product', content: { 'application/json': { schema: failure } } },
    },
    middleware: [
      // Before anything that was sent is looked at.
      async (asking: Asking, next: () => Promise<void>) => {
        try {
          guard(asking, spec);
        } catch (error) {
          if (method !== 'get' && asking.get('caller') !== undefined) audit(desk, asking, spec, undefined, error);
          throw error;
        }
        await next();
      },
    ],
  });
  const handler = async (asking: Asking): Promise<Response> => {
    let about: string | undefined;
    const valid = (part: string): never => (asking.req as never as { valid(of: string): never }).valid(part);
    const question = {
      query: (spec.query === undefined ? undefined : valid('query')) as Read<Q>,
      params: (spec.params === undefined ? undefined : valid('param')) as Read<P>,
      body: (spec.body === undefined ? undefined : valid('json')) as Read<B>,
      asking,
      about: (words: string) => void (about = words),
      caller: asking.get('caller') as Caller,
    };
    let given: unknown;
    let failed: unknown;
    let tag: string | undefined;
    try {
      if (method !== 'get' && needs !== 'nobody') question.caller = stillThere(desk, asking, needs);
      tag = tagOf(desk, asking, await spec.revision?.(question));
      const known = tag === undefined ? undefined : answered(desk, asking, tag);
      if (known !== undefined) return known;
      given = await answer(question);
      if (desk.checksAnswers) mustBeAsPromised(spec.answer, given, `${method} ${path}`);
    } catch (error) {
      failed = error;
    }
    if (method !== 'get' && isWorthARecord(asking, method, failed)) audit(desk, asking, spec, about, failed);
    if (failed !== undefined) throw failed;
    if (tag === undefined) return asking.json(given as object, status);
    const text = JSON.stringify(given);
    desk.answers.keep(tag, text);
    return asking.body(text, 200, { ...asJson, etag: tag });
  };
  desk.app.openapi(route as never, handler as never);
}

const asJson = { 'content-type': 'application/json' };

/** What is shown to one caller is not what is shown to another. */
function tagOf({ answers }: Desk, asking: Asking, revision: string | undefined): string | undefined {
  if (revision === undefined) return undefined;
  const { name = '', role = '', contact = '' } = asking.get('caller') ?? {};
  return answers.tagOf(asking.req.url, name, role, contact, revision);
}

/** Nothing where the answer is still to be made. */
function answered({ answers }: Desk, asking: Asking, tag: string): Response | undefined {
  if (asking.req.header('if-none-match') === tag) return asking.body(null, 304, { etag: tag });
  const text = answers.find(tag);
  return text === undefined ? undefined : asking.body(text, 200, { ...asJson, etag: tag });
}

function guard(
  asking: Asking,
  { method, needs }: Pick<RouteSpec<unknown, unknown, unknown, Schema>, 'method' | 'needs'>,
): void {
  const caller = asking.get('caller');
  if (needs !== 'nobody') mustBe(caller, needs);
  if (method !== 'get') mustBeOurPage(asking, caller);
}

/** Who asks, as they are now: what was sent may have come slowly, and who was signed out or revoked meanwhile changes nothing by it. */
function stillThere({ accounts, sessions }: Desk, asking: Asking, needed: Role): Caller {
  return mustBe(callerOf(asking, accounts, sessions), needed);
}

/** Nobody fills the journal who has no account: of who may not try any more, or signs out without having been in, there is nothing to tell. */
const isWorthARecord = (asking: Asking, method: string, failed: unknown): boolean =>
  asking.get('caller') !== undefined || (method === 'post' && !isLifeboatError(failed, 'api.busy'));

function audit(
  desk: Desk,
  asking: Asking,
  { method, path }: Pick<RouteSpec<unknown, unknown, unknown, Schema>, 'method' | 'path'>,
  about: string | undefined,
  error: unknown,
): void {
  const failed = error === undefined ? undefined : failureOf(error);
  const caller = asking.get('caller');
  writeAudit(desk, {
    who: caller?.name ?? 'nobody',
    role: caller?.role,
    by: caller?.by ?? 'nobody',
    from: addressOf(asking),
    what: nameOf({ method, path }),
    about,
    status: failed?.status ?? 200,
    outcome: failed?.problem.code ?? 'done',
  });
}

const nameOf = ({ method, path }: Pick<RouteSpec<unknown, unknown, unknown, Schema>, 'method' | 'path'>): string =>
  `${method.toUpperCase()} ${path.slice(1)}`;

function requestOf({ query, params, body }: RouteSpec<unknown, unknown, unknown, Schema>): object {
  return {
    ...(query === undefined ? {} : { query }),
    ...(params === undefined ? {} : { params }),
    ...(body === undefined ? {} : { body: { required: true, content: { 'application/json': { schema: body } } } }),
  };
}

function mustBeAsPromised(schema: Schema, given: unknown, what: string): void {
  const read = schema.safeParse(given);
  if (read.success) return;
  const why = read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  throw new LifeboatError('internal', `${what} gives what its contract does not promise: ${why}`);
}
