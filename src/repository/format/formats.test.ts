import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLifeboatError, limits, systemClock } from '../../core/index.ts';
import { DamageLog } from '../damage.ts';
import { decodeEntries, encodeEntry } from './entry-list.ts';
import { decodeHeaderObject } from './headers.ts';
import { decodeKeyObject, freshBundle, unwrap, wrapWithPassphrase } from '../keys/keys.ts';
import { keyName, pointName, sessionName } from '../names.ts';
import {
  ChunkList,
  decodeIndex,
  encodeIndex,
  footerBytes,
  recordBytes,
  sealedChunkBytesMin,
  type IndexedPack,
} from './pack-format.ts';
import { readPoint, sealPoint, type StoredPoint } from './point-object.ts';
import { headerBytes, openDocument, sealDocument } from './seal.ts';
import { openSession } from '../write/sessions.ts';
import { readSession } from './session-object.ts';
import { cheap, facts, passphrase } from '../testing/fixtures.ts';
import { liveHeapBytes } from '../../testing/live-heap.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { decodePlain, encodePlain } from './twins.ts';

const id = '01kb9c3r8x0000000000000000';
const bundle = freshBundle(id);
const size = fc.integer({ min: sealedChunkBytesMin, max: 100_000 });
const bytesOf = (length: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes));

/** Packs as a writer makes them: chunks one behind the other, then a trailer of some size. */
const packs: fc.Arbitrary<IndexedPack[]> = fc.array(
  fc
    .record({
      pack: bytesOf(16),
      sha256: bytesOf(32),
      chunks: fc.array(fc.tuple(bytesOf(32), size, size), { maxLength: 5 }),
    })
    .map(({ pack, sha256, chunks }) => {
      let offset = headerBytes;
      const records = chunks.map(([chunk, sealedBytes, plainBytes]) => {
        offset += sealedBytes;
        return { id: chunk, offset: offset - sealedBytes, sealedBytes, plainBytes };
      });
      return {
        pack: { id: pack.toString('hex'), epoch: 1, bytes: offset + footerBytes, sha256 },
        chunks: ChunkList.of(records),
      };
    }),
  { maxLength: 4 },
);

/** What befalls bytes: flips, cuts, insertions, and numbers that are suddenly as large as they can be. */
const harm = fc.record({
  how: fc.constantFrom('flip', 'cut', 'insert', 'huge', 'zero'),
  at: fc.nat(9999),
  byte: fc.nat(255),
});

function harmed(bytes: Buffer, harms: readonly { how: string; at: number; byte: number }[]): Buffer {
  let result = Buffer.from(bytes);
  for (const { how, at, byte } of harms) {
    const offset = Math.floor((at / 10_000) * result.length);
    if (how === 'cut') result = result.subarray(0, offset);
    else if (how === 'insert')
      result = Buffer.concat([result.subarray(0, offset), Buffer.of(byte), result.subarray(offset)]);
    else if (how === 'flip' && result.length > 0) result[offset] = (result[offset] as number) ^ (byte || 1);
    else result.fill(how === 'huge' ? 255 : 0, offset, Math.min(offset + 4, result.length));
  }
  return result;
}

/** A value, or an error that says what is damaged; never a crash. */
async function survives(read: () => unknown): Promise<void> {
  try {
    await read();
  } catch (error) {
    if (!isLifeboatError(error)) throw error;
    expect(['repository.damaged', 'repository.incomplete', 'repository.version'], error.message).toContain(error.code);
  }
}

const harms = fc.array(harm, { minLength: 1, maxLength: 3 });
const many = { numRuns: 400 };

const stored: StoredPoint = {
  point: {
    id,
    asset: 'a',
    assetType: 'files',
    kind: 'tree',
    atMs: 1,
    createdMs: 2,
    host: 'h',
    bytes: 3,
    files: 4,
    storedBytes: 5,
    seconds: 0.5,
    planHash: 'p',
    tool: 't',
    facts: facts(),
  },
  list: { bytes: 12, pieces: [7, 5].map((bytes, i) => ({ offset: i * 7, bytes, id: randomBytes(32) })) },
};

/** A store with one object that was sealed with the right key: damage that no tag can tell. */
async function storeOf(kind: 'point' | 'session', name: string, document: Buffer): Promise<MemoryStore> {
  const store = new MemoryStore();
  await store.put(name, [await sealDocument(bundle, kind, name, randomBytes(16), document)]);
  return store;
}

const entry = fc
  .record({
    path: fc.stringMatching(/^[a-zß☂]{1,8}(\/[a-z .]{1,8}x)?$/),
    mode: fc.nat(0o7777),
    modifiedNs: fc.bigInt({ min: -(10n ** 18n), max: 10n ** 19n }),
    uid: fc.nat(),
    lengths: fc.array(fc.integer({ min: 1, max: 2 ** 22 }), { maxLength: 6 }),
    hole: fc.nat(1000),
  })
  .map(({ lengths, hole, ...header }) => {
    let offset = 0;
    const pieces = lengths.map((bytes) => {
      offset += bytes + hole;
      return { offset: offset - bytes, bytes, id: randomBytes(32) };
    });
    return { header: { ...header, gid: header.uid, type: 'file' as const }, bytes: offset, pieces };
  });

async function* inParts(bytes: Buffer, part: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += part) yield bytes.subarray(at, at + part);
}

describe('formats come back as they were written', () => {
  test('index', () => {
    fc.assert(
      fc.property(packs, (list) => {
        expect(decodeIndex(encodeIndex(list), 'index/x')).toEqual(list);
      }),
    );
  });

  test('entry list, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry), fc.integer({ min: 1, max: 5000 }), async (entries, part) => {
        const bytes = Buffer.from(entries.map((one) => encodeEntry(one.header, one.bytes, false, one.pieces)).join(''));
        const read = await Array.fromAsync(decodeEntries(inParts(bytes, part), 'points/x'));
        expect(read).toEqual(
          entries.map((one) => ({ entry: { ...one.header, bytes: one.bytes }, pieces: one.pieces })),
        );
      }),
    );
  });

  test('documents, points and what is kept in plain text', async () => {
    const anyDocument = fc.uint8Array({ maxLength: 70_000, size: 'max' });
    await fc.assert(
      fc.asyncProperty(anyDocument, fc.jsonValue(), async (bytes, value) => {
        const sealed = await sealDocument(bundle, 'index', 'index/x', randomBytes(16), Buffer.from(bytes));
        expect((await openDocument(bundle, 'index', 'index/x', sealed)).equals(Buffer.from(bytes))).toBe(true);
        expect(decodePlain(encodePlain(value), 'x')).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 40 },
    );
    const store = new MemoryStore();
    await store.put(pointName(id), [await sealPoint(bundle, stored)]);
    expect(await readPoint(store, bundle, id)).toEqual(stored);
  });
});

test('an index of a million chunks takes no memory beyond its bytes: who knows a pack holds no object for each of its chunks', () => {
  const records = Buffer.alloc(4 + limits.chunksPerPackMax * recordBytes);
  records.writeUInt32BE(limits.chunksPerPackMax);
  for (let at = 4; at < records.length; at += recordBytes) {
    records.writeUInt32BE(headerBytes, at + 32);
    records.writeUInt32BE(sealedChunkBytesMin, at + 36);
  }
  const pack = { id: 'ab'.repeat(16), epoch: 1, bytes: limits.packBytesMax, sha256: Buffer.alloc(32) };
  const index = encodeIndex(Array.from({ length: 16 }, () => ({ pack, chunks: new ChunkList(records) })));
  const before = liveHeapBytes();
  const known = decodeIndex(index, 'index/x');
  expect((liveHeapBytes() - before) / 2 ** 20).toBeLessThan(1);
  expect(known.reduce((sum, { chunks }) => sum + chunks.length, 0)).toBe(16 * limits.chunksPerPackMax);
});

describe('a reader of anything gives a value or an error with a code', () => {
  test('of a harmed index', async () => {
    await fc.assert(
      fc.asyncProperty(packs, harms, (list, how) => survives(() => decodeIndex(harmed(encodeIndex(list), how), 'x'))),
      many,
    );
  });

  test('of a harmed entry list', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { minLength: 1 }), harms, async (entries, how) => {
        const bytes = Buffer.from(entries.map((one) => encodeEntry(one.header, one.bytes, false, one.pieces)).join(''));
        await survives(() => Array.fromAsync(decodeEntries(inParts(harmed(bytes, how), 100), 'points/x')));
      }),
      many,
    );
  });

  test('of a harmed object, and never other bytes', async () => {
    const plain = Buffer.from('a document that compresses, compresses, compresses and is a little longer than that');
    const sealed = await sealDocument(bundle, 'index', 'index/x', randomBytes(16), plain);
    await fc.assert(
      fc.asyncProperty(harms, (how) =>
        survives(async () =>
          expect((await openDocument(bundle, 'index', 'index/x', harmed(sealed, how))).equals(plain)).toBe(true),
        ),
      ),
      many,
    );
  });

  test('of harmed points and sessions whose seal is right', async () => {
    const point = new MemoryStore();
    await point.put(pointName(id), [await sealPoint(bundle, stored)]);
    const session = new MemoryStore();
    await openSession(session, bundle, { id, host: 'h', asset: 'a', nowMs: 0 }, new DamageLog());
    const documents = {
      point: await openDocument(bundle, 'point', pointName(id), await point.get(pointName(id))),
      session: await openDocument(bundle, 'session', sessionName(id), await session.get(sessionName(id))),
    };
    await fc.assert(
      fc.asyncProperty(harms, async (how) => {
        const bad = await storeOf('point', pointName(id), harmed(documents.point, how));
        await survives(() => readPoint(bad, bundle, id));
        const odd = await storeOf('session', sessionName(id), harmed(documents.session, how));
        await survives(() => readSession(odd, bundle, sessionName(id)));
      }),
      many,
    );
  });

  test('of a header or key in plain text, changed with a hash that fits', async () => {
    const header = { lifeboat: 'repository', format: 1, id, created: 'x' };
    const key = await wrapWithPassphrase(bundle, { id }, passphrase, cheap.derivation ?? never(), systemClock.now());
    const value = decodePlain(key, 'x') as { derivation: object };
    const number = fc.oneof(fc.integer(), fc.constantFrom(0, 1, 8, 63, 64, 65, 2 ** 31, 2 ** 53, -1, 0.5));
    const odd = fc.oneof(number, fc.string(), fc.constant(null), fc.constantFrom('A', 'AAAA', 'AA=', 'age1x'));
    const field = fc.constantFrom('format', 'id', 'nonce', 'sealed', 'kind', 'repository', 'recipients');
    const cost = fc.constantFrom('lanes', 'passes', 'salt', 'name');
    await fc.assert(
      fc.asyncProperty(field, cost, odd, fc.boolean(), async (name, what, wrong, deep) => {
        await survives(() => decodeHeaderObject(encodePlain({ ...header, [name]: wrong }), 'repository'));
        const changed = deep
          ? { ...value, derivation: { ...value.derivation, [what]: wrong } }
          : { ...value, [name]: wrong };
        await survives(async () => {
          const decoded = decodeKeyObject(encodePlain(changed), keyName(id));
          const opened = await unwrap(decoded, { passphrase });
          if (opened !== undefined) expect(opened.chunkIdKey.equals(bundle.chunkIdKey)).toBe(true);
        });
      }),
      many,
    );
  });
});

function never(): never {
  throw new Error('the cheap options name a derivation');
}
