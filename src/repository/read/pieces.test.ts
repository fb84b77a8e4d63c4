import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { free } from '../../core/index.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { backup, file, folder, makeRepository } from '../testing/fixtures.ts';

it('gives each piece memory of its own, which may be given back, where one chunk comes again', async () => {
  const page = randomBytes(512 * 2 ** 10);
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
