import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve, type ServeEvent } from '../../app/index.ts';
import { makeStore } from '../../operations/testing/workspace.ts';
import { createClient, type Client } from '../client.ts';
import type { Role } from '../contract/index.ts';
import { Accounts } from '../security/accounts.ts';
import { openApi, type ApiOptions } from '../server.ts';
import { systemClock } from '../../core/index.ts';

export const simplePlan = `
lifeboat: 1
plan: asked
domains: { safe: {}, here: {}, there: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: there } }
policies: { by_hand: { to: [near] } }
assets:
  docs: { type: files, path: ./docs, domain: here, policy: by_hand }
  mail: { type: files, path: ./mail, domain: here, policy: by_hand }
`;

export const goodPassword = 'correct horse battery';

export interface Raw {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: { readonly error?: { readonly code: string; readonly message: string; readonly hint?: string } };
}

export interface ServedTls {
  readonly certificate: string;
  readonly key: string;
}

/** A real `serve` of a small plan, at a port of its own, whose every answer is held against the contract. */
export class ServedApi {
  readonly folder: string;
  readonly said: ServeEvent[] = [];
  readonly #end = new AbortController();
  #ended: Promise<unknown> = Promise.resolve();
  url = '';

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** With `tls` it speaks that alone. */
  static async start(plan = simplePlan, options: ApiOptions = {}, tls?: ServedTls): Promise<ServedApi> {
    process.env['LB_TEST_PASS'] = 'a passphrase for tests';
    const served = new ServedApi(await mkdtemp(join(tmpdir(), 'lifeboat-api-')));
    await writeFile(join(served.folder, 'lifeboat.yaml'), plan);
    for (const asset of ['docs', 'mail']) {
      await mkdir(join(served.folder, asset));
      await writeFile(join(served.folder, asset, 'a.txt'), asset);
    }
    await makeStore(join(served.folder, 'near'));
    await served.begin(options, tls);
    return served;
  }

  /** Anew, over the same folder: after `end`. */
  async begin(options: ApiOptions = {}, tls?: ServedTls): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#ended = serve({
        planFile: join(this.folder, 'lifeboat.yaml'),
        stateFolder: this.state,
        listen: { host: '127.0.0.1', port: 0, orAnyPort: false, tls },
        answer: (host) => openApi(host, { checksAnswers: true, ...options }),
        signal: this.#end.signal,
        say: (event) => {
          this.said.push(event);
          if (event.event !== 'listening') return;
          this.url = event.url;
          resolve();
        },
      });
      this.#ended.catch(reject);
    });
  }

  get state(): string {
    return join(this.folder, 'state');
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  async account(name: string, role: Role, contact?: string): Promise<void> {
    const accounts = new Accounts(this.state, systemClock);
    try {
      await accounts.add({ name, role, password: goodPassword, contact });
    } finally {
      accounts.close();
    }
  }

  token(role: Role, days = 1): string {
    const accounts = new Accounts(this.state, systemClock);
    try {
      return accounts.makeToken({ name: `a ${role}`, role, days, by: 'tests' }).token;
    } finally {
      accounts.close();
    }
  }

  /** A program with a token of this role. */
  client(role: Role): Client {
    return createClient({ base: this.url, token: this.token(role) });
  }

  /** A person who signed in, at a browser that keeps the cookie. */
  async person(name: string): Promise<Client> {
    const { cookie } = await this.signIn(name);
    const client = createClient({
      base: this.url,
      fetch: (url, init) => fetch(url, { ...init, headers: { ...(init?.headers as Record<string, string>), cookie } }),
    });
    await client.session.get();
    return client;
  }

  /** Asks as anybody can, byte for byte: no header is added. `from`: an address of this machine. */
  raw(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: string | Buffer,
    from = '127.0.0.1',
  ): Promise<Raw> {
    return new Promise((resolve, reject) => {
      const ask = this.url.startsWith('https:') ? secureRequest : request;
      const here = { host: '127.0.0.1', port: this.port, localAddress: from, rejectUnauthorized: false };
      const asking = ask({ ...here, method, path, headers, agent: false }, (response) => {
        let text = '';
        response.on('data', (piece: Buffer) => (text += piece.toString()));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: jsonOf(text) }),
        );
        response.on('error', reject);
      });
      asking.once('error', reject);
      asking.end(body);
    });
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Raw> {
    return this.raw('POST', `/api/v1${path}`, { 'content-type': 'application/json', ...headers }, JSON.stringify(body));
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Raw> {
    return this.raw('GET', `/api/v1${path}`, headers);
  }

  /** The cookie and the csrf of somebody who signed in. */
  async signIn(name: string): Promise<{ cookie: string; csrf: string }> {
    const answer = await this.post('/session', { name, password: goodPassword });
    if (answer.status !== 200) throw new Error(answer.text);
    const cookie = String(answer.headers['set-cookie']).split(';')[0] ?? '';
    return { cookie, csrf: (answer.json as { csrf?: string }).csrf ?? '' };
  }

  async end(): Promise<void> {
    this.#end.abort(new Error('the test is over'));
    await this.#ended;
  }

  async remove(): Promise<void> {
    await this.end();
    await rm(this.folder, { recursive: true, force: true });
    // Mistakes of ours that were met meanwhile, and that an answer does not tell.
    for (const one of this.said) if (one.event === 'trouble') throw one.error;
  }
}

function jsonOf(text: string): Raw['json'] {
  try {
    return JSON.parse(text) as Raw['json'];
  } catch {
    return {}; // the test that looks into it fails and shows the text
  }
}
