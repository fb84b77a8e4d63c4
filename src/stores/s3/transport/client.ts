import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';
import { limits, type Clock } from '../../../core/index.ts';
import type { CredentialSource, Credentials } from './credentials.ts';
import { refusalError, refusalOf, type Refusal } from './errors.ts';
import { collect, openWire, type Head, type Wire } from './exchange.ts';

export interface Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** The whole key of an object; without it the bucket is meant. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: readonly Uint8Array[];
  /** Hex, where it is known already. */
  readonly bodySha256?: string;
  /** Further statuses that are an answer and no error. */
  readonly accept?: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface ClientOptions {
  readonly endpoint: URL;
  readonly bucket: string;
  readonly pathStyle: boolean;
  readonly region: string;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
  /** For people: `s3:bucket/prefix`. */
  readonly location: string;
  readonly silenceMs?: number | undefined;
}

/**
 * One bucket over HTTP: signs each attempt anew, puts refusals into the words of the store contract, and heals by itself what can be
 * healed at once and was certainly not done: clocks that differ, expired credentials, another region.
 */
export class Client {
  readonly location: string;
  readonly clock: Clock;
  readonly secure: boolean;
  readonly bucket: string;
  readonly amazon: boolean;
  readonly #options: ClientOptions;
  readonly #wire: Wire;
  readonly #signature: SignatureV4;
  #region: string;
  /** What the server's clock is ahead of ours. */
  #skewMs = 0;
  #fresh = false;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.location = options.location;
    this.clock = options.clock;
    this.bucket = options.bucket;
    this.secure = options.endpoint.protocol === 'https:';
    this.amazon = options.endpoint.hostname.endsWith('.amazonaws.com');
    this.#region = options.region;
    this.#wire = openWire(this.secure, options.silenceMs);
    this.#signature = new SignatureV4({
      service: 's3',
      region: options.region,
      credentials: () => this.#credentials(),
      sha256: Sha256,
      uriEscapePath: false,
    });
  }

  get region(): string {
    return this.#region;
  }

  get skewMs(): number {
    return this.#skewMs;
  }

  /** The whole answer, for what is small. Throws what `refusalError` and `wayError` say. */
  async send(request: Request): Promise<Answer> {
    const message = await this.open(request);
    const body = await collect(message, limits.storeAnswerBytesMax, this.where(request.key));
    return { status: message.statusCode ?? 0, headers: message.headers, body };
  }

  /** The head of the answer; who asked reads its body to the end, or destroys it. */
  async open(request: Request): Promise<IncomingMessage> {
    const where = this.where(request.key);
    const healed = new Set<string>();
    for (;;) {
      const message = await this.#wire.exchange(await this.#head(request), request.body ?? [], where, request.signal);
      const status = message.statusCode ?? 0;
      if (status < 300 || request.accept?.includes(status) === true) return message;
      const refusal = refusalOf(status, await collect(message, limits.storeAnswerBytesMax, where), where);
      const cure = this.#cure(refusal, message);
      if (cure === undefined || healed.has(cure)) throw refusalError(refusal, where);
      healed.add(cure);
    }
  }

  where(key?: string): string {
    return key === undefined ? this.location : `s3:${this.#options.bucket}/${key}`;
  }

  close(): void {
    this.#wire.close();
  }

  async #head({ method, key, query = {}, headers = {}, body = [], bodySha256 }: Request): Promise<Head> {
    const { endpoint, bucket, pathStyle } = this.#options;
    const hostname = pathStyle ? endpoint.hostname : `${bucket}.${endpoint.hostname}`;
    const base = endpoint.pathname.replace(/\/$/, '') + (pathStyle ? `/${encoded(bucket)}` : '');
    const path = key === undefined ? base || '/' : `${base}/${key.split('/').map(encoded).join('/')}`;
    const bytes = body.reduce((total, part) => total + part.length, 0);
    const signed = await this.#signature.sign(
      {
        method,
        protocol: endpoint.protocol,
        hostname,
        path,
        query: { ...query },
        headers: {
          ...headers,
          host: endpoint.port === '' ? hostname : `${hostname}:${endpoint.port}`,
          'x-amz-content-sha256': bodySha256 ?? sha256Of(body).toString('hex'),
          ...(method === 'PUT' || method === 'POST' ? { 'content-length': String(bytes) } : {}),
        },
      },
      { signingDate: new Date(this.clock.now() + this.#skewMs), signingRegion: this.#region },
    );
    const words = Object.entries(query).map(([name, value]) => `${encoded(name)}=${encoded(value)}`);
    return {
      method,
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(endpoint.port) || (this.secure ? 443 : 80),
      path: words.length === 0 ? path : `${path}?${words.join('&')}`,
      headers: signed.headers,
    };
  }

  #cure({ status, code }: Refusal, { headers }: IncomingMessage): string | undefined {
    const serverMs = Date.parse(headers.date ?? '');
    const skewMs = serverMs - this.clock.now();
    if (status === 403 && Math.abs(skewMs - this.#skewMs) > limits.storeSkewMs) {
      this.#skewMs = skewMs;
      return 'clock';
    }
    const region = headers['x-amz-bucket-region'];
    if ((status === 301 || status === 400 || status === 307) && typeof region === 'string' && region !== this.#region) {
      this.#region = region;
      return 'region';
    }
    if (
      code === 'ExpiredToken' ||
      code === 'InvalidAccessKeyId' ||
      (code === '' && (status === 403 || status === 400))
    ) {
      this.#fresh = true;
      return 'credentials';
    }
    return undefined;
  }

  async #credentials(): Promise<Credentials> {
    const fresh = this.#fresh;
    this.#fresh = false;
    return this.#options.credentials({ fresh });
  }
}

export function sha256Of(parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** RFC 3986, as signatures want it. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

/** What the signing library wants of a hash. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: unknown) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array);
  }

  update(data: Uint8Array | string): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    // Each is used once.
  }
}
