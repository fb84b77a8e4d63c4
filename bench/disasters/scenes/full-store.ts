import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustSucceed, runProcess, systemClock } from '../../../src/core/index.ts';
import { finding } from '../judge.ts';
import { judge, Stopwatch, untilNoticed, type Scene } from '../scene.ts';

/** A point of this database, and some log. */
const bytes = 192 * 2 ** 20;

/**
 * The disk of the store is full while work goes on. The stream must say so, the server must go on, and when there is room again everything of
 * meanwhile is brought in: then the machine is lost, and nothing is.
 */
export const fullStore: Scene = {
  name: 'full-store',
  title: 'disk of the store full for a while under load, then kill -9',
  rpoTargetSeconds: 2,
  rtoTargetSeconds: 60,
  cannot: async () =>
    process.platform === 'linux' && process.getuid?.() === 0
      ? undefined
      : 'a disk of a fixed size is made of memory, which only root may on Linux',
  play: async ({ prepare, seconds, folder }) => {
    const disk = `${folder}-disk`;
    await mkdir(disk);
    await mustSucceed(['mount', '-t', 'tmpfs', '-o', `size=${bytes},mode=0700`, 'lifeboat', disk]);
    try {
      return await withDisk({ prepare, seconds, disk });
    } finally {
      // The stream that worked there is over, or is ended when the ground is taken down.
      await runProcess(['umount', '--lazy', disk]);
      await rm(disk, { recursive: true });
    }
  },
};

async function withDisk({
  prepare,
  seconds,
  disk,
}: Pick<Parameters<Scene['play']>[0], 'prepare' | 'seconds'> & { disk: string }) {
  const ground = await prepare({ store: join(disk, 'store') });
  const ballast = join(disk, 'ballast');
  await fillUp(disk, ballast);
  const fullMs = systemClock.now();
  const full = await ground.stream.until('the stream says that the disk is full', ({ state, stores, reason }) =>
    /space|full|ENOSPC/i.test(
      JSON.stringify([state === 'streaming' ? '' : reason, stores.map(({ failure }) => failure)]),
    ),
  );
  await ground.pause(seconds);
  const roomMs = systemClock.now();
  await rm(ballast);
  await ground.stream.untilCurrent();
  const impactMs = systemClock.now();
  await Promise.all([ground.server.kill(), ground.stream.kill()]);
  const watch = new Stopwatch(impactMs);
  await untilNoticed(ground.url, watch);
  const restored = await ground.restore();
  watch.done('execute');
  const all = await ground.endLoad();
  const meanwhile = all.filter(({ atMs }) => atMs > fullMs && atMs < roomMs).length;
  return judge({
    restored,
    all,
    toMs: Math.max(impactMs, all.at(-1)?.atMs ?? 0),
    watch,
    more: [
      finding('the stream said so', full !== undefined, true),
      finding('the server went on meanwhile', meanwhile > 50, true),
    ],
  });
}

/** All but a few pages, until nothing more goes in. */
async function fillUp(disk: string, file: string): Promise<void> {
  for (let part = 0; ; part += 1) {
    const { bavail, bsize } = await statfs(disk);
    if (bavail === 0) return;
    await writeFile(file, Buffer.alloc(Math.min(bavail * bsize, 16 * 2 ** 20)), { flag: 'a' }).catch(() => {}); // the stream was quicker: then it is full
    if (part > 1000) throw new Error('the disk does not become full');
  }
}
