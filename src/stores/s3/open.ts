import { LifeboatError, readText } from '../../core/index.ts';
import type { Store, StoreContext, StoreFact } from '../store.ts';
import { prepareBucket } from './bucket/prepare.ts';
import { objectHeaders } from './objects/headers.ts';
import { proveCreate, provenCreate } from './probe/create.ts';
import { PastS3Store } from './past-s3-store.ts';
import { S3Store } from './s3-store.ts';
import type { S3Settings } from './settings.ts';
import { Client } from './transport/client.ts';
import { credentialSource } from './transport/credentials.ts';

/**
 * A bucket, or what begins with a prefix in it, as a store. Opening writes nothing: whether creation is atomic was found out when the
 * store was made, or last probed, and stands in the bucket; where it does not, one writer is allowed.
 */
export async function openS3Store(settings: S3Settings, context: StoreContext): Promise<Store> {
  if (context.create) await prepareS3Store(settings, context);
  const client = await connect(settings, context);
  try {
    const prefix = prefixOf(settings);
    // The first request: it says whether the bucket is there, and whether these credentials may read.
    const atomicCreate = await provenCreate(client, prefix);
    if (context.asOfMs !== undefined) return await PastS3Store.open(client, prefix, context.asOfMs);
    return new S3Store({ client, prefix, atomicCreate, settings, lockMs: context.lockMs });
  } catch (error) {
    client.close();
    throw error;
  }
}

/** Makes the bucket as the plan asks, finds out whether creation is atomic, and leaves the verdict in it. */
export async function prepareS3Store(settings: S3Settings, context: StoreContext): Promise<readonly StoreFact[]> {
  const client = await connect(settings, context);
  try {
    const facts = await prepareBucket(client, prefixOf(settings), settings, context.lockMs);
    return [...facts, await proveCreate(client, prefixOf(settings))];
  } finally {
    client.close();
  }
}

/** Without a bar at its end a prefix would be part of other names. */
export const prefixOf = ({ prefix = '' }: Pick<S3Settings, 'prefix'>): string =>
  prefix.replace(/^\/+|\/+$/g, '') + (/[^/]/.test(prefix) ? '/' : '');

/** Reads the settings and sends nothing yet. Throws `store.unfit` for what cannot be meant, `secret.unset`. */
export async function connect(
  settings: S3Settings,
  { clock }: Pick<StoreContext, 'clock'>,
  { silenceMs }: { silenceMs?: number } = {},
): Promise<Client> {
  const [bucket, endpoint] = await Promise.all([
    readText(settings.bucket),
    settings.endpoint === undefined ? undefined : readText(settings.endpoint),
  ]);
  const location = `s3:${bucket}/${prefixOf(settings)}`.replace(/\/$/, '');
  const region = settings.region ?? process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'] ?? 'us-east-1';
  if (!/^[a-z0-9][a-z0-9._-]{1,62}$/i.test(bucket)) throw wrong(location, `"${bucket}" is no name of a bucket`);
  const url = urlOf(endpoint ?? `https://s3.${region}.amazonaws.com`, location);
  if (settings.transport !== undefined && url.protocol !== 'https:')
    throw wrong(location, `the plan asks for ${settings.transport} on the way, and the endpoint is not https`);
  objectHeaders(settings); // words that nobody knows are told now, not with the first object
  return new Client({
    endpoint: url,
    bucket,
    // A name with dots is not covered by the certificate of the server.
    pathStyle: settings.pathStyle ?? (endpoint !== undefined || bucket.includes('.')),
    region,
    credentials: credentialSource(settings),
    clock,
    location,
    silenceMs,
  });
}

function urlOf(endpoint: string, location: string): URL {
  const url = URL.parse(/^https?:\/\//.test(endpoint) ? endpoint : `https://${endpoint}`);
  if (url === null || url.search !== '' || url.username !== '')
    throw wrong(location, 'the endpoint is no address such as https://host:port');
  return url;
}

const wrong = (where: string, message: string): LifeboatError =>
  new LifeboatError('store.unfit', message, { where, hint: 'Change the settings of the store in the plan.' });
