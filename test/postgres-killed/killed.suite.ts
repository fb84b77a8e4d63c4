import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Ground } from '../../bench/disasters/ground.ts';
import { readBack } from '../../bench/disasters/judge.ts';
import { clients } from '../../bench/disasters/load.ts';
import { seed } from '../../src/testing/seed.ts';
import { chances } from './chance.ts';
import { folderKeeper, type Keeper } from './keepers.ts';
import { killAtRandom, type Killed, type Mark } from './killing.ts';

export const noPgbench = existsSync('/usr/lib/postgresql/15/bin/pgbench') ? undefined : 'pgbench is not installed';

/** Kills for so long, and then asks so many of the moments between for everything that was acknowledged before them. */
export async function expectNothingLost(options: {
  readonly seconds: number;
  readonly targets: number;
  readonly major: number;
  readonly keeper?: () => Promise<Keeper>;
}): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-killed-pg-'));
  await chmod(folder, 0o711);
  const keeper = (await options.keeper?.()) ?? folderKeeper(join(folder, 'store'));
  let ground: Ground | undefined;
  try {
    const never = new AbortController().signal;
    ground = await Ground.prepare(join(folder, 'ground'), options.major, never, keeper.keeping);
    const chance = chances();
    const killed = await killAtRandom({ ground, keeper, chance, seconds: options.seconds });
    const { acknowledged, kills, reportedMs } = killed;
    process.stderr.write(
      `killed ${kills.length} times (LIFEBOAT_SEED=${seed}), ${acknowledged.length} commits acknowledged, stored up to ${new Date(reportedMs).toISOString()}\n`,
    );
    expect(acknowledged.length).toBeGreaterThan(100);
    await expectAll(ground, killed, { at: 'now', beforeMs: reportedMs, afterMs: Infinity });
    for (const mark of chosen(killed, options.targets, chance)) await expectAll(ground, killed, mark);
  } finally {
    await ground?.close();
    await keeper.end();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Marks of the reported time at random; moments between any two commits where there are not enough of them. */
function chosen({ marks, reportedMs, acknowledged }: Killed, count: number, chance: () => number): Mark[] {
  const due = marks.filter(({ afterMs }) => afterMs < reportedMs).toSorted(() => chance() - 0.5);
  const some = acknowledged.filter(({ atMs }) => atMs < reportedMs - 10);
  while (due.length < count) {
    const ms = Math.ceil(some[Math.floor(chance() * some.length)]?.atMs ?? 0) + 1;
    due.push({ at: new Date(ms).toISOString(), kind: 'time', beforeMs: ms, afterMs: ms + 1 });
  }
  return due.slice(0, count);
}

async function expectAll(
  ground: Ground,
  { acknowledged }: Killed,
  { at, beforeMs, afterMs }: Pick<Mark, 'at' | 'beforeMs' | 'afterMs'>,
): Promise<void> {
  const { url } = await ground.restore('--at', at);
  const { ids, findings } = await readBack(url);
  const lost = acknowledged.filter(({ id, atMs }) => atMs < beforeMs && !ids.has(id));
  const beyond = acknowledged.filter(({ id, atMs }) => atMs > afterMs && ids.has(id));
  expect({ at, lost, isBeyond: beyond.length > clients, red: findings.filter(({ ok }) => !ok) }).toEqual({
    at,
    lost: [],
    isBeyond: false,
    red: [],
  });
  await ground.killCopies();
}
