import { createCipheriv } from 'node:crypto';
import type { Entry } from '../../../assets/index.ts';
import { facts, file } from '../fixtures.ts';
import type { Point, Repository } from '../../repository.ts';

/** Larger than what is bundled with others, so that each block is a chunk of its own. */
const blockBytes = 100_000;

/** What a point holds: so many files, each of a block that other points may hold, too. */
export type Blocks = readonly number[];

/** The same bytes for the same number, in any process. */
export const blockOf = (number: number): Buffer =>
  createCipheriv('aes-128-ctr', Buffer.alloc(16, `block ${number}`), Buffer.alloc(16)).update(Buffer.alloc(blockBytes));

/** Few blocks are in many points, some of them forgotten: a writer counts on packs that a prune wants to delete. */
export const someBlocks = (chance: () => number, own: number): Blocks => [
  ...Array.from({ length: 4 }, () => Math.floor(chance() * 12)),
  own,
];

export async function makePoint(
  repository: Repository,
  blocks: Blocks,
  options: Parameters<Repository['write']>[0],
): Promise<Point> {
  const writer = await repository.write(options);
  try {
    for (const entry of entriesOf(blocks)) await writer.add(entry);
    return await writer.commit(facts(), { planHash: 'hash', tool: 'test' });
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

const entriesOf = (blocks: Blocks): Entry[] => blocks.map((block, i) => file(`file-${i}`, blockOf(block)));
