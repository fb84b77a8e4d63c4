import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { LifeboatError } from '../../core/index.ts';

/**
 * Places that no message of ours belongs to: what answers there hands out the credentials of the machine, or is nobody. An address in a plan, or a
 * name that somebody turned, must not make us ask it.
 */
const forbidden = new BlockList();
for (const [net, bits] of [
  ['169.254.0.0', 16], // link-local: metadata of nearly every cloud
  ['100.100.100.200', 32], // metadata of Alibaba Cloud
  ['168.63.129.16', 32], // the wire server of Azure
  ['192.0.0.192', 32], // metadata of Oracle Cloud's older machines
  ['0.0.0.0', 8],
  ['224.0.0.0', 3], // to groups, to everybody, and what is kept for later
] as const)
  forbidden.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of [
  ['fe80::', 10],
  ['fd00:ec2::254', 128], // metadata of AWS
  ['fd20:ce::254', 128], // metadata of Google Cloud
  ['64:ff9b::a9fe:0', 112], // link-local behind NAT64, and below behind 6to4
  ['2002:a9fe::', 32],
  ['::', 128],
  ['ff00::', 8],
] as const)
  forbidden.addSubnet(net, bits, 'ipv6');

/** Of an address as it is connected to; one of version 4 may stand inside one of version 6. */
export const isForbidden = (address: string): boolean => {
  const version = isIP(address);
  return version !== 0 && forbidden.check(address, version === 4 ? 'ipv4' : 'ipv6');
};

const refusal = (host: string): LifeboatError =>
  new LifeboatError('channel.refused', `${host} is an address that machines ask for their credentials, or nobody’s`, {
    hint: 'If it is really meant: linkLocal: true on this channel.',
  });

/** Throws `channel.refused` where the host itself is such an address; a name is judged when it is looked up, by `guardedLookup`. */
export function mayConnect(host: string, linkLocal: boolean): void {
  const address = host.replace(/^\[(.*)\]$/, '$1');
  if (!linkLocal && isForbidden(address)) throw refusal(address);
}

/** Looks a name up right before it is connected to, so that it cannot be turned in between. */
export const guardedLookup =
  (linkLocal: boolean): LookupFunction =>
  (hostname, options, callback) => {
    systemLookup(hostname, { ...options, all: true }, (error, found) => {
      const [first] = found ?? [];
      if (error !== null || first === undefined) return callback(error ?? new Error('no address'), []);
      if (!linkLocal && found.some(({ address }) => isForbidden(address))) return callback(refusal(hostname), []);
      if (options.all === true) callback(null, found);
      else callback(null, first.address, first.family);
    });
  };
