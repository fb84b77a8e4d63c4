import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../assets/index.ts';
import { free, limits } from '../../core/index.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { backup, file, folder, makeRepository } from '../testing/fixtures.ts';

const page = randomBytes(limits.fixedChunkBytes);

describe('a file in which one chunk comes again', () => {
  it('gives each piece memory of its own, which may be given back', async () => {
    const whole = Buffer.concat([page, page, page]);
    const repository = await makeRepository(new MemoryStore());
    const point = await backup(repository, [folder(''), file('twins', whole, { chunking: 'fixed' })]);
    const contents = await repository.contents(point);
    const read: Buffer[] = [];
    for await (const part of contents.read('twins')) {
      read.push(Buffer.from(part));
      free(part);
    }
    expect(Buffer.concat(read).equals(whole)).toBe(true);
  });

  it('is read without as much memory as it is long', async () => {
    const times = 400;
    const repository = await makeRepository(new MemoryStore());
    const point = await backup(repository, [folder(''), repeated('long', times)]);
    const contents = await repository.contents(point);
    const before = process.memoryUsage().arrayBuffers;
    let [most, bytes] = [0, 0];
    for await (const part of contents.read('long')) {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      expect(page.equals(part)).toBe(true);
      bytes += part.length;
      free(part);
    }
    expect(bytes).toBe(times * page.length);
    expect(most).toBeLessThan(bytes / 4);
  });
});

function repeated(path: string, times: number): Entry {
  const read = async function* (): AsyncGenerator<Uint8Array> {
    for (let time = 0; time < times; time += 1) yield page;
  };
  return { ...file(path, page, { chunking: 'fixed' }), content: { kind: 'stream', read } };
}
