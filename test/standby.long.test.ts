import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { chown, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../src/core/index.ts';
import { installedMajors, runSql } from '../src/testing/postgres/index.ts';
import { InPlaceScene } from './support/in-place-scene.ts';

const installed = await installedMajors();
const major = installed.includes(17) ? 17 : installed[0];
const reason = major === undefined ? '(skipped: no PostgreSQL server)' : '';

describe.skipIf(major === undefined)(`lifeboat standby ${reason}`, () => {
  let scene: InPlaceScene;
  let child: ChildProcess;
  let lines: Record<string, unknown>[] = [];
  let pid = 0;

  beforeAll(async () => {
    scene = await InPlaceScene.make(major as number);
  }, 60_000);
  afterAll(async () => {
    child?.kill('SIGKILL');
    if (pid !== 0) process.kill(pid, 'SIGINT');
    await scene?.end();
  });

  const start = (...words: string[]): void => {
    lines = [];
    child = scene.place.start(['standby', 'orders', '--to', scene.place.path('standby'), '--json', ...words]);
    child.stdout?.resume();
    child.stderr?.on('data', (piece: Buffer) => {
      for (const line of piece.toString().split('\n')) {
        if (line.startsWith('{"')) lines.push(JSON.parse(line) as Record<string, unknown>);
      }
    });
  };
  const url = (): string => {
    const found = new URL(scene.cluster.url);
    found.port = new URL(String(lines.findLast((line) => line['url'] !== undefined)?.['url'])).port;
    return found.href;
  };
  const untilThere = (id: number): Promise<void> =>
    expect
      .poll(() => runSql(url(), `select id from orders where id = ${id}`).catch(() => []), { timeout: 40_000 })
      .toEqual([{ id }]);
  const insert = (id: number) => scene.cluster.sql(`insert into orders values (${id})`);

  it('killed, its server goes on to answer; the same command takes it over', { timeout: 120_000 }, async () => {
    start();
    await expect.poll(() => lines.at(-1)?.['state'], { timeout: 40_000 }).toBe('following');
    await insert(100_001);
    await untilThere(100_001);
    const before = url();
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(await runSql(before, 'select count(*)::int as n from orders')).toEqual([{ n: scene.rows + 1 }]);
    await insert(100_002);
    start();
    await expect.poll(() => lines.at(-1)?.['state'], { timeout: 40_000 }).toBe('following');
    expect(url()).toBe(before);
    await untilThere(100_002);
  });

  it('taken over with another port, its server listens there and goes on', { timeout: 120_000 }, async () => {
    child.kill('SIGKILL');
    await once(child, 'close');
    const before = url();
    const port = await freePort();
    start('--port', String(port));
    await expect.poll(() => lines.at(-1)?.['state'], { timeout: 40_000 }).toBe('following');
    expect(new URL(url()).port).toBe(String(port));
    await untilThere(100_002);
    await expect(runSql(before, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
  });

  it('follows its source over to a new timeline, and is promoted behind it', { timeout: 120_000 }, async () => {
    const { dataFolder } = scene.cluster;
    await scene.cluster.server.stop();
    const { uid, gid } = await stat(dataFolder);
    await writeFile(join(dataFolder, 'recovery.signal'), '');
    await chown(join(dataFolder, 'recovery.signal'), uid, gid);
    await scene.cluster.restart({ restore_command: 'false' });
    await insert(100_003);
    await untilThere(100_003);
    await scene.cluster.server.kill();
    const words = ['standby', 'promote', 'orders', '--to', scene.place.path('standby')];
    expect(await scene.place.run(...words)).toMatchObject({
      exitCode: 3,
      json: { error: { code: 'standby.not_fenced' } },
    });
    const done = await scene.place.run(...words, '--fenced-by', 'a test killed the server');
    expect(done, done.stderr).toMatchObject({ exitCode: 0, json: { timeline: 3, fence: { source: 'unknown' } } });
    pid = Number(done.json['pid']);
    expect(await runSql(url(), 'select count(*)::int as n from orders')).toEqual([{ n: scene.rows + 3 }]);
    const again = await scene.place.run(...words);
    expect(again, again.stderr).toMatchObject({
      exitCode: 0,
      json: { already: true, server: 'promoted', url: done.json['url'], pid, timeline: 3 },
    });
  });
});
