import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../src/core/index.ts';
import { finding } from '../judge.ts';
import { judge, Stopwatch, type Scene } from '../scene.ts';
import { query, value } from '../sql.ts';

const pageBytes = 8192;
const page = 3;

/**
 * A disk changes bytes of a table that is read now and then. The next backup must say so instead of keeping the damage, and what was kept
 * before leads over it: the damage is in no log.
 */
export const corrupted: Scene = {
  name: 'page-corruption',
  title: 'a page changed by the disk: caught, and brought back',
  rpoTargetSeconds: 0,
  rtoTargetSeconds: 90,
  play: async ({ prepare, seconds }) => {
    const ground = await prepare();
    await ground.pause(seconds);
    const early = await ground.endLoad();
    const path = await value(ground.url, `select pg_relation_filepath('prices')`);
    // A server that has the page in its memory would go on with that one.
    await query(ground.url, 'checkpoint');
    await ground.server.stop();
    await damage(join(ground.dataFolder, path), page * pageBytes + 5000);
    await ground.startServer();
    const watch = new Stopwatch(systemClock.now());
    await ground.startLoad();
    const backup = await ground.lifeboat('backup', 'shop');
    watch.done('detect');
    const late = await ground.endLoad();
    await ground.stream.untilCurrent();
    await ground.stream.stop();
    await ground.server.kill();
    watch.done('decide');
    const restored = await ground.restore();
    watch.done('execute');
    const said = (backup.json['error'] ?? {}) as Record<string, unknown>;
    const names = new RegExp(`page ${page} in ${path}`).test(String(said['message']));
    return judge({
      restored,
      all: [...early, ...late],
      toMs: systemClock.now(),
      watch,
      more: [
        finding(
          'the backup refuses',
          `${String(said['code'])}, exit code ${backup.exitCode}`,
          'asset.corrupt, exit code 1',
        ),
        finding('it names the page', names, true),
      ],
    });
  },
};

/** One bit, as a disk does it. */
async function damage(file: string, offset: number): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, offset);
    byte[0] = (byte[0] as number) ^ 0x10;
    await handle.write(byte, 0, 1, offset);
  } finally {
    await handle.close();
  }
}
