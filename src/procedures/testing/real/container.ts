import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustSucceed } from '../../../core/index.ts';

const busybox = '/bin/busybox';

/** Why there is no container for a test here; undefined when there is one. */
export const noContainer = missing();

export interface TestContainer {
  readonly name: string;
  /** Ended from outside, as a machine that dies ends it. */
  kill(): Promise<void>;
  remove(): Promise<void>;
}

/** A container of its own, of nothing but a busybox, in the network of this machine. */
export async function startTestContainer(): Promise<TestContainer> {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-container-'));
  const name = folder.split('/').at(-1)?.toLowerCase() as string;
  for (const one of ['bin', 'tmp', 'proc', 'dev', 'etc', 'sys', 'usr']) mkdirSync(join(folder, one));
  await copyFile(busybox, join(folder, 'bin', 'busybox'));
  for (const one of [
    'sh',
    'cat',
    'date',
    'echo',
    'env',
    'grep',
    'kill',
    'printf',
    'pwd',
    'sleep',
    'touch',
    'tr',
    'true',
  ])
    symlinkSync('busybox', join(folder, 'bin', one));
  const tar = join(tmpdir(), `${name}.tar`);
  await mustSucceed(['tar', '-C', folder, '-cf', tar, '.']);
  await podman('import', '--quiet', tar, `localhost/${name}:1`);
  rmSync(tar);
  rmSync(folder, { recursive: true });
  const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];
  await podman(
    'run',
    '--detach',
    '--name',
    name,
    '--network',
    'host',
    ...limits,
    `localhost/${name}:1`,
    '/bin/sleep',
    '3600',
  );
  return {
    name,
    kill: () => podman('kill', name),
    remove: async () => {
      await podman('rm', '--force', '--time', '0', name);
      await podman('rmi', `localhost/${name}:1`);
    },
  };
}

const podman = async (...words: readonly string[]): Promise<void> =>
  // A machine without the newer control groups, or with both kinds of them, can be used this way too.
  void (await mustSucceed(['podman', '--runtime', 'runc', '--cgroup-manager', 'cgroupfs', ...words], {
    timeoutMs: 120_000,
  }));

function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'skipped: containers are made by root here';
  for (const program of ['podman', 'runc'])
    if (spawnSync(program, ['--version']).status !== 0) return `skipped: ${program} is not installed`;
  if (!existsSync(busybox) || spawnSync('ldd', [busybox]).status === 0)
    return 'skipped: busybox-static is not installed';
  return undefined;
}
