import { z } from 'zod';
import { formatBytes, LifeboatError, limits, messageOf, systemCodeOf } from '../../core/index.ts';
import type { CheckContext, CheckKind } from '../check.ts';

const long = z.strictObject({
  url: z.string().min(1),
  method: z.enum(['GET', 'HEAD', 'POST']).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.string().optional(),
});
const schema = z.union([z.string().min(1), long]);
type Settings = z.infer<typeof schema>;

const redirectsMax = 3;

/**
 * `http: /health` of the service it belongs to, or `http: http://127.0.0.1:8080/health`. Green without `expect`: a status from
 * 200 to 299. Gives `status`, `body` (text), `json` (if it is JSON), `headers`, `ms`. A redirect is followed only on the same
 * host and port: an answer of somebody else proves nothing.
 */
export const httpCheck: CheckKind<Settings> = {
  kind: 'http',
  schema,
  describe: (settings) => `${longOf(settings).method ?? 'GET'} ${longOf(settings).url}`,
  observe: async (settings, context) => {
    const startedMs = context.clock.elapsed();
    const response = await answered(longOf(settings), context);
    const body = await textOf(response);
    const ms = context.clock.elapsed() - startedMs;
    const { status } = response;
    return {
      variables: { status, body, json: jsonOf(body), headers: Object.fromEntries(response.headers), ms },
      ok: status >= 200 && status < 300,
      expected: 'a status from 200 to 299',
      observed: `status ${status}, ${formatBytes(Buffer.byteLength(body))} in ${Math.round(ms)} ms`,
    };
  },
};

type Long = z.infer<typeof long>;

const longOf = (settings: Settings): Long => (typeof settings === 'string' ? { url: settings } : settings);

async function answered(settings: Long, context: CheckContext): Promise<Response> {
  let url = urlOf(settings.url, context);
  for (let redirects = 0; redirects <= redirectsMax; redirects += 1) {
    const response = await fetched(url, settings, context.signal);
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null) return response;
    await response.body?.cancel();
    const next = new URL(location, url);
    if (next.origin !== url.origin) {
      throw new LifeboatError('check.failed', `${url.origin} redirects to ${next.origin}, which is somebody else`, {
        hint: 'Check the address that answers by itself.',
      });
    }
    url = next;
  }
  throw new LifeboatError('check.failed', `more than ${redirectsMax} redirects`);
}

function urlOf(text: string, context: CheckContext): URL {
  const base = context.serviceUrl;
  const url = URL.canParse(text)
    ? new URL(text)
    : base !== undefined && URL.canParse(text, base)
      ? new URL(text, base)
      : undefined;
  if (url === undefined) {
    throw new LifeboatError('check.unanswered', `${text} has no service it could be relative to`, {
      hint: 'Give the whole address, or say under environments where the service answers (at: …).',
    });
  }
  if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  throw new LifeboatError('check.unanswered', `${url.protocol} is not an address that http can ask`);
}

async function fetched(url: URL, settings: Long, signal: AbortSignal | undefined): Promise<Response> {
  try {
    return await fetch(url, {
      method: settings.method ?? 'GET',
      redirect: 'manual',
      // A connection that is kept for later would make the next answer look faster than it is.
      headers: { connection: 'close', ...settings.headers },
      ...(settings.body === undefined ? {} : { body: settings.body }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const why = systemCodeOf(cause) === 'ECONNREFUSED' ? 'connection refused' : messageOf(cause);
    throw new LifeboatError('check.unanswered', `${url.origin}: ${why}`, { cause: error });
  }
}

async function textOf(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > limits.httpBodyBytesMax) {
      throw new LifeboatError('check.failed', `the answer is larger than ${formatBytes(limits.httpBodyBytesMax)}`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null; // an answer that is not JSON has no `json`; `body` holds it
  }
}
