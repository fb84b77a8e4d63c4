import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TarReader, type TarHeader } from './tar.ts';

interface Member {
  readonly name: string;
  readonly flag: '0' | '5' | '2';
  readonly content: Buffer;
}

interface Seen extends TarHeader {
  readonly content: string;
}

function headerOf({ name, flag, content }: Member, sizeField?: Buffer): Buffer {
  const block = Buffer.alloc(512);
  block.write(flag === '5' ? `${name}/` : name, 0);
  block.write('0000600\0', 100);
  if (sizeField === undefined) block.write(content.length.toString(8).padStart(11, '0'), 124);
  else sizeField.copy(block, 124);
  block.write('14371040000', 136);
  block.write(flag, 156);
  if (flag === '2') block.write('/somewhere/else', 157);
  block.write('ustar\0', 257);
  return summed(block);
}

function summed(block: Buffer): Buffer {
  block.write('        ', 148);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

const archiveOf = (members: readonly Member[]): Buffer =>
  Buffer.concat([
    ...members.flatMap((member) => [
      headerOf(member),
      member.content,
      Buffer.alloc((512 - (member.content.length % 512)) % 512),
    ]),
    Buffer.alloc(1024),
  ]);

function read(pieces: Iterable<Buffer>): { seen: Seen[]; whole: boolean } {
  const seen: Seen[] = [];
  let open: { header: TarHeader; parts: Buffer[] } | undefined;
  const reader = new TarReader({
    entry: (header) => (open = { header, parts: [] }),
    data: (piece) => void open?.parts.push(Buffer.from(piece)),
    end: () => {
      if (open !== undefined) seen.push({ ...open.header, content: Buffer.concat(open.parts).toString('base64') });
      open = undefined;
    },
  });
  for (const piece of pieces) reader.push(piece);
  return { seen, whole: reader.whole };
}

function* sliced(bytes: Buffer, cuts: readonly number[]): Generator<Buffer> {
  let at = 0;
  for (const cut of [...new Set(cuts.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b)) {
    yield bytes.subarray(at, cut);
    at = cut;
  }
  yield bytes.subarray(at);
}

const member: fc.Arbitrary<Member> = fc
  .record({
    name: fc.stringMatching(/^[a-z0-9_]{1,20}(\/[a-z0-9_.]{1,20}x){0,2}$/),
    flag: fc.constantFrom('0', '0', '0', '5', '2'),
    content: fc.uint8Array({ maxLength: 1600 }),
  })
  .map(({ name, flag, content }) => ({
    name,
    flag: flag as Member['flag'],
    content: flag === '0' ? Buffer.from(content) : Buffer.alloc(0),
  }));

const codeOf = (work: () => unknown): unknown => {
  try {
    work();
    return 'nothing was thrown';
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

describe('the reader of a base backup’s archives', () => {
  test('gives the same entries however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(member, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 40 }), (members, cuts) => {
        const archive = archiveOf(members);
        const { seen, whole } = read(sliced(archive, cuts));
        expect(whole).toBe(true);
        expect(seen.map(({ path, type, content }) => ({ path, type, content }))).toEqual(
          members.map(({ name, flag, content }) => ({
            path: name,
            type: { '0': 'file', '5': 'folder', '2': 'symlink' }[flag],
            content: content.toString('base64'),
          })),
        );
      }),
    );
  });

  test('refuses a header of which any byte changed', () => {
    const archive = archiveOf([{ name: 'base/1/1259', flag: '0', content: Buffer.from('a page') }]);
    fc.assert(
      fc.property(fc.nat(511), fc.integer({ min: 1, max: 255 }), (at, change) => {
        // The checksum's own field ends with bytes that say nothing.
        fc.pre(at < 154 || at > 155);
        const damaged = Buffer.from(archive);
        damaged[at] = (damaged[at] as number) ^ change;
        expect(codeOf(() => read([damaged]))).toBe('asset.unsupported');
      }),
    );
  });

  test('knows when a stream stops in the middle of an entry', () => {
    const archive = archiveOf([{ name: 'PG_VERSION', flag: '0', content: Buffer.from('15\n') }]);
    for (const length of [1, 511, 512, 514, 515, 1023]) expect(read([archive.subarray(0, length)]).whole).toBe(false);
    for (const length of [0, 1024, 2048]) expect(read([archive.subarray(0, length)]).whole).toBe(true);
  });

  test('reads the size of a file of 8 GiB and more', () => {
    const bytes = 9 * 2 ** 30 + 7;
    const field = Buffer.alloc(12);
    field.writeBigUInt64BE(BigInt(bytes), 4);
    field[0] = 0x80;
    let seen: TarHeader | undefined;
    const reader = new TarReader({ entry: (header) => (seen = header), data: () => {}, end: () => {} });
    reader.push(headerOf({ name: 'base/5/16384', flag: '0', content: Buffer.alloc(0) }, field));
    expect(seen?.bytes).toBe(bytes);
    expect(reader.whole).toBe(false);
  });

  test('refuses sizes that are no numbers, paths that lead out, and kinds of entries it does not know', () => {
    const plain: Member = { name: 'PG_VERSION', flag: '0', content: Buffer.alloc(0) };
    const endless = Buffer.alloc(12, 0xff);
    expect(codeOf(() => read([headerOf(plain, Buffer.from('12345678x01\0'))]))).toBe('asset.unsupported');
    expect(codeOf(() => read([headerOf(plain, endless)]))).toBe('asset.unsupported');
    expect(codeOf(() => read([headerOf({ ...plain, name: 'base/../../etc/passwd' })]))).toBe('asset.unsupported');
    expect(codeOf(() => read([headerOf({ ...plain, flag: '6' as Member['flag'] })]))).toBe('asset.unsupported');
  });
});
