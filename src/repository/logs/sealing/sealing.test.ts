import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import type { LogRange } from '../../../assets/index.ts';
import { LifeboatError, toLifeboatError } from '../../../core/index.ts';
import { freshBundle } from '../../keys/keys.ts';
import { MemoryStore } from '../../testing/memory-store.ts';
import { openLogObject, sealLogObject } from '../log-object.ts';
import { encodeMarks } from '../marks.ts';
import { StoredLog } from '../stored-log.ts';

const bundle = freshBundle('x');
const mebibyte = 2 ** 20;

/** Of which half packs. */
const contentOf = (bytes: number): Buffer =>
  Buffer.concat([randomBytes(Math.floor(bytes / 2)), Buffer.alloc(bytes - Math.floor(bytes / 2), 'text ')]);
const shared = (bytes: Buffer): Buffer => {
  const room = Buffer.from(new SharedArrayBuffer(bytes.length + 7)).subarray(7);
  bytes.copy(room);
  return room;
};

describe('objects of a log that are sealed in a thread', () => {
  it('hold their bytes, of every size, in shared memory or not, many at once and in memory that is used again', async () => {
    const sizes = [0, 1, 65_535, 65_536, mebibyte + 1, 16 * mebibyte];
    for (let round = 0; round < 2; round += 1) {
      await Promise.all(
        sizes.flatMap((size) =>
          [contentOf(size), randomBytes(size), shared(contentOf(size))].map(async (bytes, kind) => {
            const name = `logs/one/${size}-${kind}`;
            const marks = encodeMarks({ completeToMs: size });
            const sealed = await sealLogObject(bundle, name, { marks, bytes, isPassing: round === 1 });
            const opened = await openLogObject(bundle, name, Buffer.from(sealed.bytes));
            sealed.release();
            expect(opened.marks.equals(marks)).toBe(true);
            expect(opened.bytes.equals(bytes)).toBe(true);
            // What does not pack costs no more than its seal.
            expect(sealed.bytes.length).toBeLessThan(size + 256);
          }),
        ),
      );
    }
  });

  it('are sealed though their thread is lost over them, and the next by another', async () => {
    const ask = vi.spyOn(Worker.prototype, 'postMessage');
    const sealedNow = async (name: string, bytes: Buffer): Promise<void> => {
      const sealed = await sealLogObject(bundle, name, { marks: encodeMarks({}), bytes });
      expect((await openLogObject(bundle, name, Buffer.from(sealed.bytes))).bytes.equals(bytes)).toBe(true);
    };
    try {
      const under = [
        sealedNow('logs/one/a', contentOf(16 * mebibyte)),
        sealedNow('logs/one/b', shared(contentOf(mebibyte))),
      ];
      await (ask.mock.contexts[0] as Worker).terminate();
      await Promise.all(under);
      await sealedNow('logs/one/c', contentOf(mebibyte));
      expect(new Set(ask.mock.contexts).size).toBe(2);
    } finally {
      ask.mockRestore();
    }
  });

  it('are not written over while a store that failed may still read them', async () => {
    /** A store that gives up and goes on sending: an upload whose answer never came. */
    class StuckStore extends MemoryStore {
      readonly sent: { name: string; parts: readonly Uint8Array[] }[] = [];
      override async put(name: string, parts: readonly Uint8Array[]): Promise<void> {
        if (this.sent.length > 2) return super.put(name, parts);
        this.sent.push({ name, parts });
        throw new LifeboatError('store.unreachable', 'no answer');
      }
    }
    const store = new StuckStore();
    const log = new StoredLog(store, bundle, 'a'.repeat(32));
    const range = (index: number): LogRange => ({
      timeline: 1,
      start: BigInt(index * mebibyte),
      end: BigInt((index + 1) * mebibyte),
    });
    const contents = Array.from({ length: 8 }, () => shared(contentOf(mebibyte)));
    for (const [index, bytes] of contents.entries()) {
      const appended = log.append(range(index), bytes, {}).then(() => 'stored', toLifeboatError);
      expect(await appended).toEqual(index < 3 ? expect.objectContaining({ code: 'store.unreachable' }) : 'stored');
    }
    for (const [index, { name, parts }] of store.sent.entries()) {
      const { bytes } = await openLogObject(bundle, name, Buffer.concat(parts));
      expect(bytes.equals(contents[index] as Buffer)).toBe(true);
    }
  });
});
