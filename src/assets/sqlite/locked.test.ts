import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { limits, systemClock } from '../../core/index.ts';
import { captureAll } from '../testing/memory-point.ts';
import { sqliteKind } from './index.ts';

// A file of its own, so that the others do not wait for it.
it('a source that is locked is given up after a bounded time, by name', async () => {
  const base = await mkdtemp(join(tmpdir(), 'lifeboat-locked-'));
  const [path, scratch] = [join(base, 'shop.db'), join(base, 'scratch')];
  await mkdir(scratch);
  {
    using database = new DatabaseSync(path);
    database.exec('create table t (x)');
  }
  const script = `const { DatabaseSync } = require('node:sqlite'); const db = new DatabaseSync(${JSON.stringify(path)}); db.exec('begin exclusive'); process.stdout.write('held'); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(holder.stdout, 'data');
    const asset = sqliteKind.open('catalog', { path }, { baseFolder: '/', clock: systemClock, checkKinds: [] });
    const startedMs = systemClock.elapsed();
    await expect(captureAll(asset, scratch)).rejects.toMatchObject({ code: 'asset.changing', where: path });
    expect(systemClock.elapsed() - startedMs).toBeLessThan(limits.sqliteBusyMs * 2);
    expect(await readdir(scratch)).toEqual([]);
  } finally {
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await rm(base, { recursive: true, force: true });
  }
});
