import { BlockList, isIP } from 'node:net';
import { LifeboatError } from '../../core/index.ts';

/**
 * Whose doings count together: an address of version 4, however it is written, and the 64 bits of one of version 6 that its holder was given: the other
 * 64 are theirs to choose, anew for each question.
 */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [plain = ''] = address.split('%');
  const four = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  if (four !== undefined) return four;
  const [left = [], right = []] = plain.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const written = left.length + right.length + (right.at(-1)?.includes('.') === true ? 1 : 0);
  const groups = [...left, ...Array.from({ length: 8 - written }, () => '0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

/** Who stands before this server and hands questions on: addresses and nets (`10.0.0.0/8`). Throws `input.flag`. */
export function proxiesOf(written: readonly string[]): BlockList {
  const proxies = new BlockList();
  for (const one of written) {
    const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(one) ?? [];
    const version = isIP(address);
    const most = version === 4 ? 32 : 128;
    if (version === 0 || Number(bits ?? most) > most)
      throw new LifeboatError('input.flag', `--behind must be an address or a net, not "${one}"`, {
        hint: 'For example 127.0.0.1, or 10.0.0.0/8.',
      });
    proxies.addSubnet(address, Number(bits ?? most), version === 4 ? 'ipv4' : 'ipv6');
  }
  return proxies;
}

/**
 * Who asks: the connection comes from them, or from a proxy of ours that says so in `forwarded` (X-Forwarded-For: each adds the one it was asked by at the
 * end). What stands before the word of the last one that is ours anybody may have written.
 */
export function askerOf(connected: string, forwarded: string | undefined, proxies: BlockList): string {
  const said = (forwarded ?? '').split(',').map((one) => one.trim());
  let asker = connected;
  while (isIn(proxies, asker)) {
    const before = withoutPort(said.pop() ?? '');
    if (isIP(before) === 0) break;
    asker = before;
  }
  return asker;
}

/** Some proxies (Application Gateway of Azure, IIS) say the port too: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(said: string): string {
  const [, four, six] = /^(?:(\d+\.\d+\.\d+\.\d+):\d{1,5}|\[([^\]]+)\](?::\d{1,5})?)$/.exec(said) ?? [];
  return four ?? six ?? said;
}

function isIn(list: BlockList, address: string): boolean {
  const version = isIP(address);
  return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6');
}
