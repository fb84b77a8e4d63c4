import type { RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import { ownText } from '../core/index.ts';

export interface WebAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The web interface as files in memory: what was read at the start is given out to the end, whatever is built meanwhile. */
export interface Web {
  /**
   * What a GET of a path is answered. A path without a file of its own is a room of the interface and gets its page; `undefined` where the path
   * asks for a file that is not there. `gzip`: whether the asker takes it.
   */
  answer(path: string, gzip: boolean): WebAnswer | undefined;
}

/** Nothing from elsewhere, nothing inline, in no frame: what an injected text could do ends here. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** Gives out the interface, and hands what is meant for the API to who answers it. Where none was built, a page says how to. */
export function withWeb(rest: RequestListener): RequestListener {
  const web = openWeb();
  return (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    if (path.startsWith('/api/') || (request.method !== 'GET' && request.method !== 'HEAD'))
      return rest(request, response);
    // What is sent along is not wanted.
    request.resume();
    const takesGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
    const answer = web === undefined ? notBuilt : web.answer(path, takesGzip);
    const { headers, body } = answer ?? notThere;
    response.writeHead(answer === undefined ? 404 : web === undefined ? 503 : 200, headers);
    response.end(request.method === 'HEAD' ? undefined : body);
    return undefined;
  };
}

const plain = (words: string): WebAnswer => ({
  headers: {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-length': String(Buffer.byteLength(words)),
  },
  body: Buffer.from(words),
});

const notBuilt = plain(
  'The web interface was not built. In a checkout: npm run setup. Everything else of serve works without it.\n',
);
const notThere = plain('There is no such file.\n');

/** Reads what `npm run setup` built; undefined where nothing was. */
export function openWeb(): Web | undefined {
  const files = readFiles();
  const page = files.get('/index.html');
  if (page === undefined) return undefined;
  return {
    answer: (path, gzip) => {
      const file = files.get(path) ?? (/^\/(?!assets\/)[\w/-]*$/.test(path) ? page : undefined);
      return file === undefined ? undefined : answerOf(file, gzip);
    },
  };
}

interface File {
  readonly headers: Readonly<Record<string, string>>;
  readonly plain: Buffer;
  readonly gzipped: Buffer;
}

function readFiles(): Map<string, File> {
  try {
    const { files } = JSON.parse(ownText('dist/web/files.json', import.meta.url)) as { files: string[] };
    return new Map(files.map((name) => [`/${name}`, fileOf(name)]));
  } catch {
    // None was built, or it is this moment: whoever asks is told how to.
    return new Map();
  }
}

function fileOf(name: string): File {
  const content = Buffer.from(ownText(`dist/web/${name}`, import.meta.url));
  const headers = {
    'content-type': types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
    // The name of an asset changes with its content, the page does not.
    'cache-control': name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    vary: 'accept-encoding',
    ...(name.endsWith('.html') ? { 'content-security-policy': policy } : {}),
  };
  return { headers, plain: content, gzipped: gzipSync(content, { level: 9 }) };
}

function answerOf({ headers, plain: content, gzipped }: File, gzip: boolean): WebAnswer {
  const body = gzip ? gzipped : content;
  const encoding: Record<string, string> = gzip ? { 'content-encoding': 'gzip' } : {};
  return { headers: { ...headers, ...encoding, 'content-length': String(body.length) }, body };
}
