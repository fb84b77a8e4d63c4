import { LifeboatError } from '../../core/index.ts';

export type RecordType = 'A' | 'AAAA' | 'CNAME' | 'TXT';

/** The numbers of RFC 1035 and RFC 3596. */
export const recordTypes: Readonly<Record<RecordType, number>> = { A: 1, CNAME: 5, TXT: 16, AAAA: 28 };

const labelBytesMax = 63;
const nameBytesMax = 255;

/** A name as it stands in a message, without compression. Throws `plan.invalid`. */
export function nameBytes(name: string): Buffer {
  const labels = name
    .replace(/\.$/, '')
    .split('.')
    .filter((label, _, all) => all.length > 1 || label !== '');
  const parts = labels.map((label) => Buffer.from(label, 'latin1'));
  if (parts.some(({ length }) => length === 0 || length > labelBytesMax)) throw noName(name);
  const bytes = Buffer.concat([...parts.flatMap((part) => [Buffer.from([part.length]), part]), Buffer.from([0])]);
  if (bytes.length > nameBytesMax) throw noName(name);
  return bytes;
}

/** Where a name ends that begins at `offset`; a compressed one ends with its reference. */
export function afterName(message: Buffer, offset: number): number {
  let at = offset;
  for (;;) {
    const length = message.readUInt8(at);
    if (length >= 0xc0) return at + 2;
    at += 1 + length;
    if (length === 0) return at;
  }
}

/** What a record says, without its length. The value fits its type: that was looked at before. */
export function dataOf(type: RecordType, value: string): Buffer {
  switch (type) {
    case 'A':
      return Buffer.from(value.split('.').map(Number));
    case 'AAAA':
      return addressBytes(value);
    case 'CNAME':
      return nameBytes(value);
    default:
      return Buffer.concat(textPieces(Buffer.from(value, 'utf8')));
  }
}

export function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  values.forEach((value, index) => bytes.writeUInt16BE(value, 2 * index));
  return bytes;
}

/** `2001:db8::1`, also with an IPv4 address at its end. The URL parser writes each in its one short form. */
function addressBytes(value: string): Buffer {
  const [head = '', tail] = new URL(`http://[${value}]/`).hostname.slice(1, -1).split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => 0);
  return words(...before, ...zeros, ...after);
}

/** A text is pieces of up to 255 bytes, each with its length; an empty one is one empty piece. */
function textPieces(bytes: Buffer): Buffer[] {
  const count = Math.max(1, Math.ceil(bytes.length / 255));
  const pieces = Array.from({ length: count }, (_, index) => bytes.subarray(255 * index, 255 * (index + 1)));
  return pieces.map((piece) => Buffer.concat([Buffer.from([piece.length]), piece]));
}

const noName = (name: string): LifeboatError =>
  new LifeboatError('plan.invalid', `${JSON.stringify(name)} is no name in DNS`);
