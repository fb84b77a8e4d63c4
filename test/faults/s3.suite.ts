import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faulty, type Fault, type FaultyStore } from '../../src/stores/index.ts';
import { s3ServerMissing } from '../../src/testing/s3/index.ts';
import { SweptBucket } from './bucket.ts';
import { sweptCommands } from './commands.ts';
import type { SweptCommand } from './swept-command.ts';
import { Ground, runIn, type Answer } from './ground.ts';

const missing = s3ServerMissing();
/** Of each the first line of the table. */
const commands = ['backup', 'verify', 'restore', 'store prune', 'store replicate'].map(
  (name) => sweptCommands.find(({ command }) => command === name) as SweptCommand,
);

export interface S3Sweep {
  readonly faults: readonly Fault[];
  /** Every so many calls, from a random one on. */
  readonly stride: number;
  /** No more calls than this of each command and fault fail. */
  readonly callsMax: number;
}

/** One failure at calls to a store in a bucket of a real server: what was safe is safe, what was said is so, and the same command works. */
export function s3FaultSweep({ faults, stride, callsMax }: S3Sweep): void {
  const counts = { calls: 0, refused: 0, survived: 0 };
  let bucket: SweptBucket;
  let ground: Ground;

  describe.skipIf(missing !== undefined)(`a store in a bucket of a real server ${missing ?? ''}`, () => {
    beforeAll(async () => {
      bucket = await SweptBucket.make();
      ground = await Ground.make(bucket);
    });
    afterAll(async () => {
      await ground.remove();
      await bucket.end();
      console.log(
        `faults in a bucket: ${counts.calls} calls of ${commands.length} command lines failed, ${counts.refused} commands refused, ${counts.survived} came through; 0 lost, 0 false green`,
      );
    });

    describe.each(faults)('with the fault "%s" at any one call', (fault) => {
      it.each(commands)('$command $title', async (swept) => {
        const from = 1 + Math.floor(Math.random() * stride);
        for (let at = from; at < from + stride * callsMax; at += stride) {
          if (!(await meet(swept, fault, at))) break;
        }
      });
    });

    it('met calls at all', () => expect(counts.calls).toBeGreaterThan(0));
  });

  /** False where the command ended before that call. */
  async function meet(swept: SweptCommand, fault: Fault, at: number): Promise<boolean> {
    const folder = await ground.copy();
    await swept.before?.(folder);
    const before = await bucket.picture(basename(folder));
    const stores: FaultyStore[] = [];
    const answer = await runIn(folder, swept.words(ground), (under) => {
      const store = faulty(under, { fault, at });
      stores.push(store);
      return store;
    });
    const where = `${fault} at call ${at}: ${JSON.stringify(answer.json)}`;
    // 70 is a mistake of ours: a failing store is none.
    expect([0, 1, 2, 3, 4], where).toContain(answer.exitCode);
    if (answer.exitCode === 0) await swept.succeeded(folder, answer, ground);
    else await swept.failed?.(folder);
    if (swept.reads) expect(await bucket.picture(basename(folder)), where).toEqual(before);
    const met = stores.some((store) => store.met() > 0);
    if (met) {
      await expectConverged(swept, folder, where);
      counts.calls += 1;
      counts[answer.exitCode === 0 ? 'survived' : 'refused'] += 1;
    } else expect(answer.exitCode, where).toBe(0);
    await bucket.remove(basename(folder));
    await rm(folder, { recursive: true, force: true });
    return met;
  }

  async function expectConverged(swept: SweptCommand, folder: string, where: string): Promise<void> {
    await rm(join(folder, 'out'), { recursive: true, force: true });
    const again: Answer = await runIn(folder, swept.words(ground));
    expect(again.exitCode, `${where}\nagain: ${JSON.stringify(again.json)}`).toBe(0);
    await swept.succeeded(folder, again, ground);
    await swept.afterwards?.(folder, ground);
  }
}
