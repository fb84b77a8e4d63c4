import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { systemClock } from '../core/index.ts';
import { openFsStore } from '../stores/fs/index.ts';
import { backup, file, makeRepository, reopen, withFolder } from './testing/fixtures.ts';

const kills = 5;

test('kill -9 at any instant: every listed point verifies, the next backup works and clears what the dead left', async () => {
  await withFolder(async (base) => {
    const path = join(base, 'store');
    await makeRepository(await openFsStore(path, true));
    for (let kill = 0; kill < kills; kill += 1) {
      await killWriter(path, randomInt(150));
      const repository = await reopen(await openFsStore(path, false));
      const next = await backup(repository, [file('after', Buffer.from(`kill ${kill}`))]);
      const { points, damage } = await repository.points();
      expect(damage).toEqual([]);
      expect(points.map(({ id }) => id)).toContain(next.id);
      const verified = await repository.verify({ depth: 'points' });
      expect(verified.damage).toEqual([]);
      expect(verified.sound.sort()).toEqual(points.map(({ id }) => id).sort());
      const sessions: string[] = [];
      for await (const { name } of (await openFsStore(path, false)).list('sessions/')) sessions.push(name);
      expect(sessions).toEqual([]);
    }
  });
});

/** Lets a writer make one point, and kills it some time into the next. */
async function killWriter(store: string, afterMs: number): Promise<void> {
  const program = fileURLToPath(new URL('testing/endless-writer.ts', import.meta.url));
  const child = spawn(process.execPath, [program, store], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  await systemClock.sleep(afterMs);
  child.kill('SIGKILL');
  await once(child, 'close');
}
