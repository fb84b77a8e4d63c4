import { randomInt } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { LifeboatError, limits, messageOf, systemCodeOf, type Clock } from '../../core/index.ts';
import type { RecordType } from './dns-bytes.ts';
import { encodeUpdate, readAnswer, sign, type RecordChange, type SharedKey } from './dns-message.ts';
import { askOverTcp, type ServerAddress } from './exchange.ts';

/** What one server says of a name, asked directly and not through caches. Sorted; empty when it has none of this type. */
export async function askRecords(
  server: ServerAddress,
  name: string,
  type: RecordType,
): Promise<{ values: string[]; ttlSeconds: number | undefined }> {
  const resolver = new Resolver({ timeout: limits.checkTimeoutMs / 2, tries: 2 });
  resolver.setServers([
    server.host.includes(':') ? `[${server.host}]:${server.port}` : `${server.host}:${server.port}`,
  ]);
  try {
    return await asked(resolver, name, type);
  } catch (error) {
    if (['ENOTFOUND', 'ENODATA'].includes(systemCodeOf(error) ?? '')) return { values: [], ttlSeconds: undefined };
    throw new LifeboatError('target.unreachable', `${shown(server)} does not answer for ${name}: ${messageOf(error)}`, {
      hint: 'Is it the server of the zone, and may this machine reach it?',
      cause: error,
    });
  }
}

async function asked(
  resolver: Resolver,
  name: string,
  type: RecordType,
): Promise<{ values: string[]; ttlSeconds: number | undefined }> {
  if (type === 'CNAME') return { values: (await resolver.resolveCname(name)).toSorted(), ttlSeconds: undefined };
  if (type === 'TXT') {
    const texts = (await resolver.resolveTxt(name)).map((parts) => parts.join(''));
    return { values: texts.toSorted(), ttlSeconds: undefined };
  }
  const found = await (type === 'A' ? resolver.resolve4(name, { ttl: true }) : resolver.resolve6(name, { ttl: true }));
  return { values: found.map(({ address }) => address).toSorted(), ttlSeconds: found[0]?.ttl };
}

/**
 * Changes records at the server of their zone (RFC 2136), which does it only if they still are as they were: returns false when not.
 * Throws `target.unreachable`, `target.refused`.
 */
export async function changeRecords(
  server: ServerAddress,
  key: SharedKey | undefined,
  change: RecordChange,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<boolean> {
  const id = randomInt(1, 0x10000);
  const message = encodeUpdate(id, change);
  const atMs = clock.now();
  const { signed, mac } = key === undefined ? { signed: message, mac: undefined } : sign(message, key, atMs);
  const answer = await askOverTcp(server, signed, signal);
  const { code, genuine } = readAnswer(
    answer,
    id,
    key === undefined || mac === undefined ? undefined : { key, mac, atMs },
  );
  if (code === 0 && !genuine)
    throw refused(server, change, 'its answer does not bear the signature of the key, so nobody knows what it did');
  if (code === 0) return true;
  if (differs.has(code)) return false;
  throw refused(server, change, meanings.get(code) ?? `it answered with code ${code}`);
}

/** YXDOMAIN, YXRRSET, NXRRSET, and NXDOMAIN of a prerequisite: what was there is not what is there. */
const differs = new Set([3, 6, 7, 8]);

const meanings = new Map([
  [1, 'it could not read the change'],
  [2, 'it failed'],
  [4, 'it knows no changes from outside'],
  [5, 'it does not take changes from this machine or with this key'],
  [9, 'it does not have this zone, or does not know the key, or the clocks differ by more than five minutes'],
  [10, 'the name is not in the zone'],
]);

const refused = (server: ServerAddress, { name, zone }: RecordChange, why: string): LifeboatError =>
  new LifeboatError('target.refused', `${shown(server)} did not take the change of ${name} in ${zone}: ${why}`, {
    hint: 'Compare the key (name, algorithm, secret) and what the server allows it to change.',
  });

const shown = ({ host, port }: ServerAddress): string => `the name server ${host}:${port}`;
