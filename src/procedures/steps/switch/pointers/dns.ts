import { isIPv4, isIPv6 } from 'node:net';
import { LifeboatError, type Clock } from '../../../../core/index.ts';
import { askRecords, changeRecords } from '../../../hands/dns.ts';
import type { RecordType } from '../../../hands/dns-bytes.ts';
import type { SharedKey } from '../../../hands/dns-message.ts';
import type { ServerAddress } from '../../../hands/exchange.ts';
import { changed, keptInJournal, say, type Pointer } from '../pointer.ts';

export interface DnsPlace {
  readonly server: ServerAddress;
  readonly zone: string;
  readonly name: string;
  readonly type: RecordType;
  readonly ttlSeconds: number;
  readonly key: SharedKey | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * `{ dns: NAME, server: ADDRESS, zone, type, ttl, sign }`: the records of a name. The server itself compares what is there with what is
 * expected, in the same act as it changes it.
 */
export function dnsPointer(place: DnsPlace): Pointer {
  const { server, name, type, clock, signal } = place;
  const shown = `${name} ${type} at ${server.host}:${server.port}`;
  const read = async (): Promise<string | undefined> => {
    const { values } = await askRecords(server, name, type);
    return values.length === 0 ? undefined : values.join(' ');
  };
  return {
    shown,
    isSecret: false,
    read,
    normal: async (value) => recordsOf(type, value).join(' '),
    set: async (from, to) => {
      const change = { ...place, from: recordsOf(type, from), to: recordsOf(type, to) };
      if (await changeRecords(server, place.key, change, { clock, signal })) return;
      throw changed(shown, say(await read()));
    },
    ...keptInJournal,
  };
}

/** How long caches may go on saying what it said before, as far as the server tells. */
export const cachedSeconds = async ({ server, name, type }: DnsPlace): Promise<number | undefined> =>
  (await askRecords(server, name, type)).ttlSeconds;

function recordsOf(type: RecordType, value: string | undefined): string[] {
  if (value === undefined) return [];
  if (type === 'TXT') return [value];
  const values = value.split(/[\s,]+/).filter((part) => part !== '');
  for (const one of values) if (!fits[type](one)) throw wrong(type, one);
  if (type === 'CNAME' && values.length !== 1) throw wrong(type, value);
  return values.map((one) => (type === 'CNAME' ? one.replace(/\.$/, '').toLowerCase() : one)).toSorted();
}

const fits: Readonly<Record<RecordType, (value: string) => boolean>> = {
  A: isIPv4,
  AAAA: isIPv6,
  CNAME: (value) => /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]+\.?$/i.test(value),
  TXT: () => true,
};

const wrong = (type: RecordType, value: string): LifeboatError =>
  new LifeboatError('plan.invalid', `${JSON.stringify(value)} is no value of a record of type ${type}`, {
    hint: 'Give addresses for A and AAAA, a name for CNAME; the pointer says which one it is: type: CNAME.',
  });
