import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandTable } from '../../src/cli/command-table.ts';
import { systemClock, type Clock } from '../../src/core/index.ts';
import { faulty, retrying, type Fault, type FaultyStore, type Store } from '../../src/stores/index.ts';
import { seed } from '../../src/testing/seed.ts';
import { chances } from '../postgres-killed/chance.ts';
import { sweptCommands } from './commands.ts';
import type { SweptCommand } from './swept-command.ts';
import { bytesBelow, Ground, runIn, type Answer } from './ground.ts';
import { storelessCommands, unsweptCommands } from './unswept.ts';

const faults: readonly Fault[] = ['error', 'lostReply', 'full', 'io', 'truncated', 'stall'];
/** What may pass by itself: with the product's own retries around the store, one such failure must not even be noticed. */
const passing: readonly Fault[] = ['error', 'lostReply', 'io'];
/** A store that never answers is given up after this; the sweep waits for it at every call. */
const silenceMs = 100;

const counts = { calls: 0, refused: 0, survived: 0, retried: 0 };
let ground: Ground;
let pristine: Record<string, string>;

/** Of each command without a fault: its calls that a fault may meet, and those that find a disk full. One look is enough for all faults. */
const unharmed = new Map<SweptCommand, Promise<{ readonly any: number; readonly full: number }>>();
const chance = chances();

/**
 * One failure at every call to the store, of every command that opens one, one call at a time. Afterwards what was safe is safe,
 * what was said is so, and the same command works. `stride`: every so many calls, from a random one on; 1 is every call.
 */
export function faultSweep(stride: number): void {
  beforeAll(async () => {
    ground = await Ground.make();
    pristine = await bytesBelow(join(ground.root, 'template', 'store'));
  });

  afterAll(async () => {
    await ground.remove();
    console.log(
      `faults: ${counts.calls} calls of ${sweptCommands.length} command lines failed, ${counts.refused} commands refused, ${counts.survived} came through; ${counts.retried} more failures were not noticed behind retries; 0 lost, 0 false green (seed ${seed})`,
    );
  });

  it('knows every command: it is swept, opens no store, or says why not', () => {
    const known = [
      ...sweptCommands.map(({ command }) => command),
      ...Object.keys({ ...storelessCommands, ...unsweptCommands }),
    ];
    expect(commandTable.map(({ name }) => name).toSorted()).toEqual([...new Set(known)].toSorted());
  });

  it.each(Object.entries(storelessCommands))('finds that %s opens no store', async (_, words) => {
    const folder = await ground.copy();
    let opened = 0;
    const { exitCode } = await runIn(folder, words(ground), (store) => ((opened += 1), store));
    expect({ exitCode, opened }).toEqual({ exitCode: 0, opened: 0 });
  });

  describe.each(faults)('a store with the fault "%s" at any one call', (fault) => {
    const met = sweptCommands.filter(({ reads }) => !(reads && fault === 'full'));
    it.each(met)(`$command $title`, async (swept) => sweep(swept, { fault, stride, isRetried: false }));
  });

  describe.each(passing)('a store with the fault "%s" at any one call, behind retries,', (fault) => {
    // The commands that change something; the others only read what these read, too.
    const met = sweptCommands.filter(({ command }) => ['store init', 'backup', 'restore'].includes(command));
    it.each(met)(`is not noticed: $command $title`, async (swept) =>
      sweep(swept, { fault, stride: 2 * stride - 1, isRetried: true }),
    );
  });

  it('met so many calls that its silence means something', () => {
    expect(counts.calls).toBeGreaterThan(20);
    expect(counts.refused).toBeGreaterThan(0);
    expect(counts.survived).toBeGreaterThan(0);
  });
}

interface Sweep {
  readonly fault: Fault;
  readonly stride: number;
  readonly isRetried: boolean;
}

async function sweep(swept: SweptCommand, { fault, stride, isRetried }: Sweep): Promise<void> {
  const calls = await callsOf(swept, fault);
  // A sample has one call at least.
  const from = 1 + Math.floor(chance() * Math.min(stride, calls));
  let early = 0;
  for (let at = from; at <= calls; at += stride) {
    const folder = await ground.copy();
    await swept.before?.(folder);
    const stores: FaultyStore[] = [];
    const answer = await runIn(folder, swept.words(ground), (under) => {
      const store = faulty(under, { fault, at });
      stores.push(store);
      return isRetried ? retrying(store, { clock: hurried }) : bounded(store, fault);
    });
    const met = stores.some((store) => store.met() > 0);
    const where = `${fault} at call ${at}: ${JSON.stringify(answer.json)}`;
    if (isRetried) expect(answer.exitCode, where).toBe(0);
    await expectHonest(swept, folder, answer, where);
    if (met) await expectConverged(swept, folder, answer, where);
    await rm(folder, { recursive: true, force: true });
    if (!met) {
      // On a busy machine an honest call may take as long as silence is borne, before the chosen one came: the same once more.
      const cameEarly = fault === 'stall' && answer.exitCode !== 0 && early < 20;
      if (!cameEarly) return expect(answer.exitCode, where).toBe(0);
      early += 1;
      at -= stride;
      continue;
    }
    if (isRetried) counts.retried += 1;
    else {
      counts.calls += 1;
      counts[answer.exitCode === 0 ? 'survived' : 'refused'] += 1;
    }
  }
}

async function callsOf(swept: SweptCommand, fault: Fault): Promise<number> {
  const counted = unharmed.get(swept) ?? count(swept);
  unharmed.set(swept, counted);
  return (await counted)[fault === 'full' ? 'full' : 'any'];
}

async function count(swept: SweptCommand): Promise<{ any: number; full: number }> {
  const folder = await ground.copy();
  await swept.before?.(folder);
  const stores: { any: FaultyStore; full: FaultyStore }[] = [];
  const answer = await runIn(folder, swept.words(ground), (under) => {
    const full = faulty(under, { fault: 'full', at: Infinity });
    const any = faulty(full, { fault: 'io', at: Infinity });
    stores.push({ any, full });
    return any;
  });
  const where = `no fault: ${JSON.stringify(answer.json)}`;
  expect(answer.exitCode, where).toBe(0);
  await expectHonest(swept, folder, answer, where);
  await rm(folder, { recursive: true, force: true });
  const most = (of: 'any' | 'full'): number => Math.max(0, ...stores.map((store) => store[of].calls()));
  return { any: most('any'), full: most('full') };
}

async function expectHonest(swept: SweptCommand, folder: string, answer: Answer, where: string): Promise<void> {
  // 70 is a mistake of ours: a failing store is none.
  expect([0, 1, 2, 3, 4], where).toContain(answer.exitCode);
  if (answer.exitCode === 0) await swept.succeeded(folder, answer, ground);
  else await swept.failed?.(folder);
  if (swept.reads) expect(withoutNewRecords(await bytesBelow(join(folder, 'store'))), where).toEqual(pristine);
}

/** What a command did is told to the stores, too, beside all that they hold; and who acts, which ends by itself where it could not be removed. */
const withoutNewRecords = (bytes: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(bytes).filter(([name]) => Object.hasOwn(pristine, name) || !/^(journal|leases)\//.test(name)),
  );

/** Without the fault the same command works, and nothing that was safe is lost. */
async function expectConverged(swept: SweptCommand, folder: string, before: Answer, where: string): Promise<void> {
  if (before.exitCode === 0 && swept.again === 'after a failure') return;
  for (const name of ['out', '.lifeboat/recovered']) await rm(join(folder, name), { recursive: true, force: true });
  const again = await runIn(folder, swept.words(ground));
  expect(again.exitCode, `${where}\nagain: ${JSON.stringify(again.json)}`).toBe(0);
  await swept.succeeded(folder, again, ground);
  await swept.afterwards?.(folder, ground);
}

/** Only retries bound a call that never answers; with one attempt they change nothing else. */
const bounded = (store: Store, fault: Fault): Store =>
  fault === 'stall' ? retrying(store, { clock: systemClock, attemptsMax: 1, totalMs: silenceMs }) : store;

/** Waits between attempts take no time; the bound of the whole operation is kept. */
const hurried: Clock = {
  now: () => systemClock.now(),
  elapsed: () => systemClock.elapsed(),
  sleep: (ms, signal) => systemClock.sleep(ms > 60_000 ? ms : 0, signal),
};
