import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../src/core/index.ts';
import { finding } from '../judge.ts';
import type { Ground } from '../ground.ts';
import { judge, Stopwatch, type Scene } from '../scene.ts';
import { value } from '../sql.ts';

/**
 * The store lost one object of the log, and the server is gone too. PostgreSQL takes a gap for the end and would start happily: the restore
 * must refuse before it writes anything and name the last moment that can be had, and that moment must be had.
 */
export const gap: Scene = {
  name: 'lost-segment',
  title: 'a piece of the log lost in the store: refused, and the last reachable moment',
  rpoTargetSeconds: 0,
  rtoTargetSeconds: 90,
  play: async ({ prepare, seconds }) => {
    const ground = await prepare();
    const place = await ofThreeSegments(ground, seconds);
    const impactMs = systemClock.now();
    await ground.server.kill();
    await ground.stream.stop();
    const all = await ground.endLoad();
    await rm(await objectFrom(join(ground.store, 'logs'), place));
    const watch = new Stopwatch(impactMs);
    const target = ground.newTarget();
    const refused = await ground.lifeboat('restore', 'shop', '--to', target, '--at', 'now');
    watch.done('detect');
    const said = (refused.json['error'] ?? {}) as Record<string, unknown>;
    const reachable = /--at (\S+Z)/.exec(String(said['hint']))?.[1];
    watch.done('decide');
    const restored = await ground.restore('--at', reachable ?? 'the hint names no moment');
    watch.done('execute');
    return judge({
      restored,
      all,
      toMs: Date.parse(String(reachable)),
      watch,
      more: [
        finding('to now is refused', `${String(said['code'])}, exit code ${refused.exitCode}`, 'log.gap, exit code 1'),
        finding('nothing was written', existsSync(target), false),
      ],
    });
  },
};

/**
 * Work in three segments at least, however slow the machine and whatever the stream made of it: before the lost object there are commits, so that
 * a moment is left to be restored, and behind it there is log, so that it is a gap and not the end. Where the second of them begins.
 */
async function ofThreeSegments(ground: Ground, seconds: number): Promise<string> {
  let second: unknown;
  for (let segment = 0; segment < 2; segment += 1) {
    await ground.pause(Math.max(2, seconds / 2));
    await value(ground.url, 'select pg_switch_wal()');
    second ??= await value(
      ground.url,
      "select lpad(to_hex(div(pg_current_wal_lsn() - '0/0', 16777216)::bigint * 16777216), 16, '0')",
    );
  }
  await ground.pause(1);
  return String(second);
}

/** The first that begins there or behind. Objects are named so that their order is that of the log. */
async function objectFrom(folder: string, place: string): Promise<string> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
  const behind = names.filter(({ name }) => name.includes('-') && name.slice(0, 16) >= place);
  return behind.map(({ parentPath, name }) => join(parentPath, name)).toSorted()[0] as string;
}
