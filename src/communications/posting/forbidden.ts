import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { LifeboatError } from '../../core/index.ts';

/**
 * Places that no message of ours belongs to: what answers there hands out the credentials of the machine, or is nobody. An address in a plan, or a
 * name that somebody turned, must not make us ask it.
 */
const forbidden = new BlockList();
const nets = [
  ['169.254.0.0', 16], // link-local: metadata of nearly every cloud
  ['100.100.100.200', 32], // metadata of Alibaba Cloud
  ['168.63.129.16', 32], // the wire server of Azure
  ['192.0.0.192', 32], // metadata of Oracle Cloud's older machines
  ['0.0.0.0', 8],
  ['224.0.0.0', 3], // to groups, to everybody, and what is kept for later
] as const;
for (const [net, bits] of nets) {
  forbidden.addSubnet(net, bits, 'ipv4');
  // Behind NAT64 (where everybody has it, and where somebody chose a prefix) and 6to4 the same address stands inside one of version 6.
  const [first, second] = halvesOf(net);
  forbidden.addSubnet(`64:ff9b::${first}:${second}`, 96 + bits, 'ipv6');
  forbidden.addSubnet(`64:ff9b:1::${first}:${second}`, 96 + bits, 'ipv6');
  forbidden.addSubnet(`2002:${first}:${second}::`, 16 + bits, 'ipv6');
}
for (const [net, bits] of [
  ['fe80::', 10],
  ['fd00:ec2::', 32], // AWS keeps it for itself: metadata at ::254, the credentials of a pod at ::23
  ['fd20:ce::254', 128], // metadata of Google Cloud
  ['fd00:c1::a9fe:a9fe', 128], // metadata of Oracle Cloud
  ['fd00:42::42', 128], // metadata of Scaleway
  ['::', 128],
  ['ff00::', 8],
] as const)
  forbidden.addSubnet(net, bits, 'ipv6');

/** `169.254.0.0` as `a9fe` and `0`. */
function halvesOf(four: string): [string, string] {
  const [a = 0, b = 0, c = 0, d = 0] = four.split('.').map(Number);
  return [((a << 8) | b).toString(16), ((c << 8) | d).toString(16)];
}

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
