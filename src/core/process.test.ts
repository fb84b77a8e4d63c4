import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import { isAlive, mustSucceed, processStart, runProcess } from './process.ts';
import { Secret } from './secrets.ts';
import { startService } from './service.ts';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'lifeboat-process-'))));
afterEach(() => rm(folder, { recursive: true }));

/** A shell that starts a grandchild, writes its number to `pid` and waits; with `deaf` both ignore SIGTERM. */
const family = (deaf = false): string[] => {
  const trap = deaf ? `trap '' TERM; ` : '';
  return [
    'sh',
    '-c',
    `${trap}(${trap}while :; do sleep 0.2; done) & echo $! > ${folder}/pid.tmp; mv ${folder}/pid.tmp ${folder}/pid; wait`,
  ];
};

async function grandchild(): Promise<number> {
  for (let turn = 0; turn < 1500 && !existsSync(join(folder, 'pid')); turn += 1) await systemClock.sleep(20);
  return Number(await readFile(join(folder, 'pid'), 'utf8'));
}

/** A buried process, or one that only waits for its parent to read its end. */
async function isEnded(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return status === undefined || /\) [ZX] /.test(status);
}

describe('a program', () => {
  it('gives its exit code and both outputs', async () => {
    const result = await runProcess(['sh', '-c', 'cat; echo bad >&2; exit 3'], { input: 'good' });
    expect(result).toEqual({ exitCode: 3, signal: null, stdout: 'good', stderr: 'bad\n' });
    await expect(mustSucceed(['sh', '-c', 'echo why >&2; exit 3'])).rejects.toMatchObject({
      code: 'process.failed',
      message: /exit code 3: why/,
    });
  });

  it('inherits nothing but what was named', async () => {
    process.env['LIFEBOAT_TEST_SECRET'] = 'hidden';
    const { stdout } = await runProcess(['env']);
    delete process.env['LIFEBOAT_TEST_SECRET'];
    expect(stdout).toContain('PATH=');
    expect(stdout).not.toContain('hidden');
  });

  it('shows no secret in what it said', async () => {
    const secret = new Secret('swordfish-17');
    const argv = ['sh', '-c', 'cat >&2; exit 1'];
    await expect(mustSucceed(argv, { input: `denied for ${secret.reveal()}` })).rejects.toThrow('denied for [secret]');
  });

  it('that is not installed is said to be missing', async () => {
    await expect(runProcess(['no-such-program'])).rejects.toMatchObject({ code: 'process.missing' });
    await expect(startService(['no-such-program'])).rejects.toMatchObject({ code: 'process.missing' });
  });

  it.each([false, true])('that takes too long is ended with its grandchildren (deaf to SIGTERM: %s)', async (deaf) => {
    const work = runProcess(family(deaf), { timeoutMs: 600, graceMs: 200 });
    const outcome = work.catch((error: unknown) => error);
    const pid = await grandchild();
    expect(isAlive(pid)).toBe(true);
    expect(await outcome).toMatchObject({ code: 'process.timeout' });
    expect(await isEnded(pid)).toBe(true);
  });

  it('is ended with its grandchildren when its signal fires', async () => {
    const told = new AbortController();
    const outcome = runProcess(family(), { signal: told.signal }).catch((error: unknown) => error);
    const pid = await grandchild();
    told.abort();
    expect(await outcome).toMatchObject({ code: 'operation.cancelled' });
    expect(await isEnded(pid)).toBe(true);
    await expect(runProcess(['true'], { signal: told.signal })).rejects.toMatchObject({ code: 'operation.cancelled' });
  });

  it('that is a service is stopped with its grandchildren, and may be stopped twice', async () => {
    const service = await startService(family(true), { graceMs: 200 });
    const pid = await grandchild();
    await service.stop();
    expect(await isEnded(pid)).toBe(true);
    expect((await service.ended).signal).toBe('SIGKILL');
    await service.stop();
  });

  it('that is a service and writes to a file that an earlier start wrote to tells only its own last words', async () => {
    const logFile = join(folder, 'log');
    for (const words of ['no room', 'out of memory']) {
      const service = await startService(['sh', '-c', `echo ${words}`], { logFile });
      await service.ended;
      expect(service.tail()).toBe(words);
    }
    expect(await readFile(logFile, 'utf8')).toBe('no room\nout of memory\n');
  });

  it('is named for good by its number and its start', async () => {
    const service = await startService(['sleep', '60']);
    expect(processStart(service.pid)).toMatch(/^\d+$/);
    expect(processStart(service.pid)).toBe(processStart(service.pid));
    await service.stop();
    expect(processStart(2 ** 22 + 1)).toBeUndefined();
  });
});
