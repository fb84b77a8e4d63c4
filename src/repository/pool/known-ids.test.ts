import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { KnownIds } from './known-ids.ts';

describe('ids known to threads', () => {
  test('grow before they are full, however many they were made for: in a full table nobody would find an end', () => {
    for (const known of [0, 1, 8_191, 8_192, 8_193, 100_000, 131_072]) {
      const ids = new KnownIds(known);
      const slots = (ids.tables[0] as SharedArrayBuffer).byteLength / 20;
      expect(known + ids.room, `made for ${known}`).toBeLessThanOrEqual(slots * 0.75);
      expect(ids.room, `made for ${known}`).toBeGreaterThanOrEqual(slots / 4);
    }
  });

  test('are claimed once, also after the table has grown', () => {
    const known = new KnownIds(0);
    const ids = Array.from({ length: 3 * known.room }, () => randomBytes(32));
    let claimed = 0;
    for (const id of ids) {
      expect(known.claim(id)).toBe(true);
      claimed += 1;
      if (claimed < known.room) continue;
      known.grow();
      claimed = 0;
    }
    for (const id of ids) expect(known.claim(id)).toBe(false);
    const other = new KnownIds(known.tables);
    for (const id of ids) expect(other.claim(id)).toBe(false);
  });

  test('are claimed by exactly one of several threads', async () => {
    const known = new KnownIds(0);
    const ids = randomBytes(4000 * 32);
    const program = `
      const { workerData, parentPort } = require('node:worker_threads');
      import(workerData.module).then(({ KnownIds }) => {
        const known = new KnownIds(workerData.tables);
        let won = 0;
        for (let at = 0; at < workerData.ids.length; at += 32) if (known.claim(workerData.ids.subarray(at, at + 32))) won += 1;
        parentPort.postMessage(won);
      });`;
    const module = new URL('./known-ids.ts', import.meta.url).href;
    const threads = Array.from(
      { length: 3 },
      () => new Worker(program, { eval: true, execArgv: [], workerData: { module, ids, tables: known.tables } }),
    );
    const won = await Promise.all(
      threads.map(
        (thread) => new Promise<number>((resolve, reject) => thread.once('message', resolve).once('error', reject)),
      ),
    );
    expect(won.reduce((total, one) => total + one, 0)).toBe(4000);
  });
});
