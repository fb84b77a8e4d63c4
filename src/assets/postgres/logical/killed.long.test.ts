import { spawn } from 'node:child_process';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed, runProcess, systemClock } from '../../../core/index.ts';
import { startTestCluster, type TestCluster } from '../../../testing/postgres/cluster.ts';
import { dumpableMajor } from './testing/dumpable.ts';
import { skippedFor } from '../../../testing/skipped.ts';

const major = await dumpableMajor();
const reason = major === undefined ? 'no server and pg_dump of one version' : undefined;
const program = join(import.meta.dirname, '../../../../bin/lifeboat');

const plan = `
lifeboat: 1
plan: dumps
keys: { main: { passphrase: { env: LB_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: safe } }
assets: { orders: { type: postgres, method: logical, url: { env: LB_URL }, domain: north } }
`;

describe.skipIf(major === undefined)(`with dumps, kill -9${skippedFor(reason)}`, () => {
  let cluster: TestCluster;
  let folder: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    cluster = await startTestCluster({ major: major as number });
    await cluster.sql(`create table large as select n, md5(n::text) || repeat(md5((n * 7)::text), 3) as filler from generate_series(1, 400000) n;
      create index on large (filler)`);
    folder = join(cluster.folder, 'work');
    await mkdir(folder);
    await chmod(folder, 0o711);
    await writeFile(join(folder, 'lifeboat.yaml'), plan);
    env = {
      PATH: String(process.env['PATH']),
      HOME: String(process.env['HOME']),
      LB_PASS: 'a passphrase of tests',
      LB_URL: cluster.url,
    };
    await lifeboat('store', 'init', 'near');
  }, 120_000);

  afterAll(() => cluster?.destroy());

  const lifeboat = async (...words: string[]): Promise<string> =>
    (await mustSucceed([program, ...words], { cwd: folder, env })).stdout;

  /** Starts a command, waits until the condition holds, and kills all of it at once. */
  const killWhen = async (words: string[], holds: () => Promise<boolean>): Promise<void> => {
    const child = spawn(program, words, { cwd: folder, env, stdio: 'ignore', detached: true });
    const gone = new Promise((resolve) => void child.once('exit', resolve));
    while (!(await holds())) await systemClock.sleep(20);
    await systemClock.sleep(200);
    process.kill(-(child.pid as number), 'SIGKILL');
    await gone;
  };
  const processesBelow = async (): Promise<string[]> =>
    (await mustSucceed(['ps', '-eo', 'args'])).stdout
      .split('\n')
      .filter((line) => line.includes(`${folder}/`) && !line.includes('ps -eo'));
  const dumping = async (): Promise<number> =>
    Number(
      (
        await cluster.sql(`select count(*) as n from pg_stat_activity where application_name like 'lifeboat pg_dump%'`)
      )[0]?.['n'],
    );

  it('leaves no session on the source and no point, and the next backup works', async () => {
    await killWhen(['backup', 'orders'], async () => (await dumping()) > 0);
    for (let turn = 0; turn < 200 && (await dumping()) > 0; turn += 1) await systemClock.sleep(50);
    expect(await dumping()).toBe(0);
    expect((await runProcess([program, 'points', 'orders', '--json'], { cwd: folder, env })).stdout).not.toContain(
      '"kind"',
    );
    expect(await lifeboat('backup', 'orders')).toContain('orders');
    expect(await lifeboat('points', 'orders', '--json')).toContain('"dump"');
  }, 120_000);

  it('in the middle of pg_restore leaves nothing that the next restore to the same place does not clear away', async () => {
    const target = join(folder, 'back');
    await killWhen(['restore', 'orders', '--to', target, '--yes'], async () =>
      (await processesBelow()).some((line) => line.includes('pg_restore')),
    );
    expect((await readdir(folder)).some((name) => name.startsWith('.back.lifeboat-'))).toBe(true);
    await lifeboat('restore', 'orders', '--to', target, '--yes');
    expect((await readdir(folder)).sort()).toEqual(['.lifeboat', 'back', 'lifeboat.yaml', 'near']);
    expect(await processesBelow()).toEqual([]);
  }, 120_000);
});
