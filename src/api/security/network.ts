import { isIP } from 'node:net';

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
