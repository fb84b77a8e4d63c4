import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EntryHeader } from '../../assets/index.ts';
import { decodeEntries, eachChunk, encodeEntry, lineStart, linesOf, pathIn, type ListedEntry } from './entry-list.ts';
import type { Piece } from '../read/pieces.ts';

const anyName = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1 }),
  fc.constantFrom('a","type":"file', '{"path":"x', 'back\\slash', '\udc80', '"pieces":[[0,1,"id"]]}', 'new\nline'),
);
const anyNs = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 19n });
const anyHeader: fc.Arbitrary<EntryHeader> = fc
  .record(
    {
      path: anyName,
      type: fc.constantFrom('file', 'folder', 'symlink', 'hardlink', 'fifo', 'device'),
      mode: fc.integer({ min: 0, max: 0o7777 }),
      modifiedNs: anyNs,
      uid: fc.nat(),
      gid: fc.nat(),
      user: anyName,
      group: anyName,
      attributes: fc.array(fc.tuple(anyName, fc.uint8Array({ maxLength: 40 }).map(Buffer.from)), { maxLength: 3 }),
      sparse: fc.constant(true as const),
      linked: fc.constant(true as const),
      stamp: fc.oneof(
        fc.record({ changedNs: anyNs }),
        fc.record({ changedNs: anyNs, inode: fc.bigInt(0n, 2n ** 64n - 1n), device: fc.bigInt(0n, 2n ** 63n) }),
      ),
    },
    { requiredKeys: ['path', 'type', 'mode', 'modifiedNs'] },
  )
  .map((header) => ({
    ...header,
    attributes: header.attributes?.filter(([name]) => !name.includes('\0')),
    ...(header.type === 'symlink' || header.type === 'hardlink' ? { target: 'a/target' } : {}),
    ...(header.type === 'device' ? { device: { kind: 'block' as const, major: 2 ** 32 - 1, minor: 0 } } : {}),
  })) as fc.Arbitrary<EntryHeader>;

const anyPieces = fc
  .array(fc.tuple(fc.nat(1000), fc.nat(1000), fc.option(fc.nat(), { nil: undefined }), fc.nat(255)), { maxLength: 3 })
  .map((rows) => {
    let end = 0;
    return rows.map(([gap, bytes, from, id]): Piece => {
      const offset = end + gap;
      end = offset + bytes;
      return { offset, bytes, id: Buffer.alloc(32, id), ...(from === undefined ? {} : { from }) };
    });
  });

async function* inSlices(bytes: Buffer, slice: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += slice) yield bytes.subarray(at, at + slice);
}

const gather = async <T>(items: AsyncIterable<T>): Promise<T[]> => Array.fromAsync(items);
const withoutRepeats = (ids: readonly Buffer[]): Buffer[] => ids.filter((id, i) => ids[i - 1]?.equals(id) !== true);
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? `${one}n` : one)));

describe('an entry list', () => {
  test('gives back every entry as it was written, in any slicing, and its pieces alone just so', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(anyHeader, anyPieces, fc.boolean()), { maxLength: 5 }),
        fc.integer({ min: 1, max: 400 }),
        async (entries, slice) => {
          const written: ListedEntry[] = entries.map(([header, some, torn]) => {
            const pieces = header.type === 'file' ? some : [];
            const bytes = pieces.reduce((end, piece) => Math.max(end, piece.offset + piece.bytes), 0);
            return { entry: { ...header, bytes, ...(torn ? { torn: true as const } : {}) }, pieces };
          });
          const list = Buffer.from(
            written.map(({ entry, pieces }) => encodeEntry(entry, entry.bytes, entry.torn === true, pieces)).join(''),
          );
          expect(plain(await gather(decodeEntries(inSlices(list, slice), 'x')))).toEqual(plain(written));
          const met: Buffer[] = [];
          await eachChunk(inSlices(list, slice), 'x', (id) => void met.push(id));
          expect(withoutRepeats(met)).toEqual(withoutRepeats(written.flatMap((one) => one.pieces.map(({ id }) => id))));
          const lines = (await gather(linesOf(inSlices(list, slice), 'x'))).flat();
          expect(lines.map(pathIn)).toEqual(written.map(({ entry }) => entry.path));
          for (const [i, { entry }] of written.entries())
            expect(lines[i]?.startsWith(lineStart(entry, entry.bytes))).toBe(entry.type === 'file');
        },
      ),
    );
  });

  test('of the first days is read as ever: nothing new in its lines', async () => {
    const id = Buffer.alloc(32, 7).toString('base64url');
    const line = `{"path":"a/b.txt","type":"file","mode":416,"modified":"1700000000123456789","uid":0,"gid":0,"bytes":5,"pieces":[[0,5,"${id}"]]}\n`;
    const [entry] = await gather(decodeEntries(inSlices(Buffer.from(line), 7), 'x'));
    expect(entry).toEqual({
      entry: { path: 'a/b.txt', type: 'file', mode: 416, modifiedNs: 1700000000123456789n, uid: 0, gid: 0, bytes: 5 },
      pieces: [{ offset: 0, bytes: 5, id: Buffer.alloc(32, 7) }],
    });
  });

  test('gives its lines as they are, short ones and very long ones, wherever parts of it end', async () => {
    const lines = Array.from({ length: 3_000 }, (_, i) => 'ü'.repeat(i % 100 === 0 ? 9_000 : i % 40) + String(i));
    const list = Buffer.from(`${lines.join('\n')}\n`);
    for (const slice of [997, 8_192, 300_000, list.length])
      expect((await gather(linesOf(inSlices(list, slice), 'x'))).flat()).toEqual(lines);
  });

  test('that no writer makes is damage', async () => {
    const start = '"path":"a","mode":1,"modified":"1"';
    const bad = [
      `{${start},"type":"socket"}`,
      `{${start},"type":"hardlink"}`,
      `{${start},"type":"device"}`,
      `{${start},"type":"fifo","device":["block",1,2]}`,
      `{${start},"type":"device","device":["tape",1,2]}`,
      `{${start},"type":"folder","attributes":[["",""]]}`,
      `{${start},"type":"folder","attributes":[["a","%"]]}`,
      `{${start},"type":"folder","stamp":["x"]}`,
      `{${start},"type":"folder","linked":1}`,
      `{${start},"type":"file","bytes":1,"pieces":[[0,1,"short"]]}`,
      `{${start},"type":"file","bytes":1,"pieces":[[0,1,"${'A'.repeat(43)}",-1]]}`,
      `{"pieces":[]}`,
      `not JSON`,
    ];
    for (const line of bad)
      await expect(gather(decodeEntries(inSlices(Buffer.from(`${line}\n`), 50), 'x')), line).rejects.toMatchObject({
        code: 'repository.damaged',
      });
  });
});
