import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../../assets/index.ts';
import { limits } from '../../core/index.ts';
import { backup, makeRepository, readAll } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';

/** More than is done without threads, a piece of zeros, and an end that is small and one that is not. */
const sizes = { large: limits.threadedBytesMin + 5 * limits.fixedChunkBytes + 100_000, small: 8192 };
const contents = Object.entries(sizes).map(([path, bytes]) => ({ path, bytes: randomBytes(bytes) }));
contents[0]?.bytes.fill(0, limits.fixedChunkBytes, 2 * limits.fixedChunkBytes);

const entry = (path: string, content: Entry['content']): Entry => ({
  path,
  type: 'file',
  mode: 0o600,
  modifiedNs: 0n,
  chunking: 'fixed',
  ...(content === undefined ? {} : { content }),
});

function* ownPieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += limits.fixedChunkBytes) {
    const part = bytes.subarray(at, at + limits.fixedChunkBytes);
    const own = Buffer.allocUnsafeSlow(part.length);
    part.copy(own);
    yield own;
  }
}

const never = (): never => {
  throw new Error('is not called');
};

describe('a stream in pieces as they are stored', () => {
  test('comes back as it was, is known again as what any other stream brought, and gives its memory back', async () => {
    const repository = await makeRepository(new MemoryStore());
    const given: Buffer[] = [];
    const inPieces = contents.map(({ path, bytes }) => {
      const pieces = async function* (): AsyncGenerator<Buffer> {
        for (const piece of ownPieces(bytes)) {
          given.push(piece);
          yield piece;
        }
      };
      return entry(path, { kind: 'stream', read: never, pieces });
    });
    const point = await backup(repository, inPieces);
    const back = await readAll(repository, point);
    for (const { path, bytes } of contents) expect(back.get(path)?.equals(bytes)).toBe(true);
    expect(given.filter(({ length }) => length > Buffer.poolSize)).toEqual([]);

    const asParts = contents.map(({ path, bytes }) => {
      const read = async function* (): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < bytes.length; at += 99_999) yield bytes.subarray(at, at + 99_999);
      };
      return entry(path, { kind: 'stream', read });
    });
    const again = await backup(repository, asParts);
    expect(again.storedBytes).toBeLessThan(20_000);
  });

  test('that are not of that size are refused: they would be stored where nobody finds them again', async () => {
    const repository = await makeRepository(new MemoryStore());
    const odd = [limits.fixedChunkBytes - 1, 1].map((length) => Buffer.allocUnsafeSlow(length).fill('x'));
    const pieces = async function* (): AsyncGenerator<Buffer> {
      yield* odd;
    };
    const attempt = backup(repository, [entry('odd', { kind: 'stream', read: never, pieces })]);
    await expect(attempt).rejects.toThrow(/pieces as they are stored/);
    expect((await repository.points()).points).toEqual([]);
  });
});
