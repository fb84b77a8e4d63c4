import { resolve } from 'node:path';
import { isIP } from 'node:net';
import { z } from 'zod';
import { LifeboatError, limits, parseDuration, readSecret } from '../../../core/index.ts';
import { addressOf } from '../../hands/exchange.ts';
import { localFiles } from '../../hands/files.ts';
import { Proxy } from '../../hands/haproxy.ts';
import { serverUrlOf } from '../../hands/postgres.ts';
import { isInside } from '../../settings/inside.ts';
import type { StepContext } from '../../step.ts';
import { databasePointer } from './pointers/database.ts';
import { dnsPointer, type DnsPlace } from './pointers/dns.ts';
import { envPointer, flagPointer, keyPointer, linkPointer, wholeFilePointer } from './pointers/in-files.ts';
import { proxyPointer } from './pointers/proxy.ts';
import type { Pointer } from './pointer.ts';

const secret = z.union([
  z.strictObject({ env: z.string() }),
  z.strictObject({ file: z.string() }),
  z.strictObject({ exec: z.tuple([z.string()], z.string()) }),
]);
const dns = z.strictObject({
  dns: z.string(),
  server: z.string(),
  zone: z.string(),
  ttl: z.union([z.string(), z.number()]).optional(),
  type: z.enum(['A', 'AAAA', 'CNAME', 'TXT']).default('A'),
  sign: z
    .strictObject({
      name: z.string(),
      algorithm: z.enum(['hmac-sha256', 'hmac-sha384', 'hmac-sha512']).default('hmac-sha256'),
      secret,
    })
    .optional(),
  domain: z.string().optional(),
  of: z.string().optional(),
});

/** What is asked of a drill: which of its pointers it may turn. */
export type Opened = { readonly pointer: Pointer; readonly dns?: DnsPlace } | { readonly outside: string };

export interface Asked {
  readonly service: string;
  readonly pointer: string;
  readonly ttl?: string | undefined;
}

/**
 * The pointer of a service where the run acts: as its environment declares it, else as the service does. In a drill one that leads out of
 * the bubble is not opened. Throws `plan.unknown_name`, `plan.not_executable`, `secret.unset`.
 */
export async function openPointer(asked: Asked, context: StepContext): Promise<Opened> {
  const { written, isOwn } = declared(asked, context);
  const outside = context.mode === 'drill' ? whyOutside(written, isOwn, context) : undefined;
  if (outside !== undefined) return { outside };
  const file = fileIn(written, asked, context);
  if (typeof written['env'] === 'string') return { pointer: envPointer(localFiles, file, written['env']) };
  if (written['flag'] !== undefined) return { pointer: flagPointer(localFiles, file) };
  if (written['link'] !== undefined) return { pointer: linkPointer(localFiles, file) };
  if (written['dns'] !== undefined) return openDns(written, asked, context);
  if (written['proxy'] !== undefined && written['socket'] !== undefined) {
    const socket = String(written['socket']);
    const proxy = new Proxy(socket.includes('/') ? resolvedIn(socket, context) : socket, context.signal);
    return { pointer: proxyPointer(proxy, String(written['proxy'])) };
  }
  if (written['database'] !== undefined && typeof written['of'] === 'string') {
    const url = await serverUrlOf(context.plan, written['of']);
    return { pointer: databasePointer(url, String(written['database']), context.signal) };
  }
  if (written['secret'] === undefined && typeof written['file'] === 'string') {
    const { key } = written;
    return {
      pointer: typeof key === 'string' ? keyPointer(localFiles, file, key) : wholeFilePointer(localFiles, file),
    };
  }
  throw notTurnable(asked, written);
}

function declared(asked: Asked, { plan, environment }: StepContext) {
  const here = plan.environments.get(environment.name)?.services.get(asked.service)?.pointers?.[asked.pointer];
  const written = here ?? plan.services.get(asked.service)?.pointers[asked.pointer];
  if (typeof written === 'string') throw notTurnable(asked, { text: written });
  if (typeof written !== 'object' || written === null) {
    throw new LifeboatError('plan.unknown_name', `the plan has no pointer ${asked.pointer} of ${asked.service}`, {
      hint: `Declare it: services: { ${asked.service}: { pointers: { ${asked.pointer}: { env: NAME, file: PATH } } } }`,
    });
  }
  return { written: written as Record<string, unknown>, isOwn: here !== undefined };
}

/** A bubble's own files are inside it; a server is inside when the bubble's environment says so and it is on this machine. */
function whyOutside(written: Record<string, unknown>, isOwn: boolean, context: StepContext): string | undefined {
  const paths = ['file', 'link', 'flag'].flatMap((key) => {
    const path = written[key];
    return typeof path === 'string' && (key !== 'flag' || written['file'] === undefined) ? [path] : [];
  });
  const stray = paths.find((path) => !isInside(context.environment.folder, resolvedIn(path, context)));
  if (stray !== undefined) return `${stray} is outside the bubble`;
  const server = written['server'] ?? written['socket'];
  const reaches = ['dns', 'proxy', 'database', 'secret', 'config', 'discovery'].find(
    (key) => written[key] !== undefined,
  );
  if (reaches === undefined) return undefined;
  if (isOwn && typeof server === 'string' && isHere(server, context)) return undefined;
  return `its ${reaches} pointer turns what is not in the bubble`;
}

function isHere(server: string, context: StepContext): boolean {
  if (server.includes('/')) return isInside(context.environment.folder, resolvedIn(server, context));
  const { host } = addressOf(server, 0);
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function fileIn(written: Record<string, unknown>, { service }: Asked, context: StepContext): string {
  const path = written['file'] ?? written['link'] ?? written['flag'];
  if (typeof path === 'string') return resolvedIn(path, context);
  return resolve(context.environment.settingsFolder, `${service}.env`);
}

/** A relative path is the plan's; in a bubble it is the bubble's own, so that the same procedure turns another file. */
const resolvedIn = (path: string, { environment, plan }: StepContext): string =>
  resolve(environment.ephemeral ? environment.folder : plan.folder, path);

async function openDns(written: Record<string, unknown>, asked: Asked, context: StepContext): Promise<Opened> {
  const parsed = dns.safeParse(written);
  if (!parsed.success) {
    const missing = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    throw new LifeboatError(
      'plan.not_executable',
      `the record ${String(written['dns'])} cannot be changed: ${missing}`,
      {
        hint: 'Say which server takes changes and how they are signed: server, zone, sign.',
      },
    );
  }
  const { server, zone, type, ttl, sign } = parsed.data;
  const key =
    sign === undefined
      ? undefined
      : { ...sign, secret: Buffer.from((await readSecret(sign.secret as { env: string })).reveal(), 'base64') };
  const place: DnsPlace = {
    server: addressOf(server, 53),
    zone,
    name: parsed.data.dns,
    type,
    ttlSeconds: Math.ceil(durationOf(asked.ttl ?? ttl, limits.recordTtlMs) / 1000),
    key,
    clock: context.clock,
    signal: context.signal,
  };
  return { pointer: dnsPointer(place), dns: place };
}

/** The plan's own durations are milliseconds by now, a step's are words. */
const durationOf = (value: string | number | undefined, otherwise: number): number =>
  typeof value === 'string' ? parseDuration(value) : (value ?? otherwise);

function notTurnable({ service, pointer }: Asked, written: Record<string, unknown>): LifeboatError {
  const known = 'env, file, link, flag with a path; dns with server; proxy with socket; database with of';
  return new LifeboatError(
    'plan.not_executable',
    `nothing can turn the pointer ${pointer} of ${service} as it is declared (${Object.keys(written).join(', ')})`,
    { hint: `These can be turned: ${known}.` },
  );
}
