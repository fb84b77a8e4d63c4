import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { open, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whyNoMount } from '../../src/testing/mounting.ts';

/** Runs a program of the system to its end; throws what it said when it failed. */
export function command(program: string, ...words: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}

const fails = (program: string, ...words: string[]): boolean => spawnSync(program, words).status !== 0;

/** Why no XFS on a loop device can be shut down here; undefined if it can. */
export const whyNoXfs: string | undefined = (() => {
  if (whyNoMount !== undefined) return whyNoMount;
  const missing = ['mkfs.xfs', 'xfs_io', 'losetup'].find((program) => fails('sh', '-c', `command -v ${program}`));
  if (missing !== undefined) return `${missing} is not installed (package xfsprogs)`;
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-xfs-'));
  const image = join(folder, 'image');
  try {
    command('truncate', '-s', '300M', image);
    command('mkfs.xfs', '-q', image);
    mkdirSync(join(folder, 'on'));
    if (fails('mount', '-o', 'loop', image, join(folder, 'on'))) return 'this machine mounts no XFS on a loop device';
    command('umount', join(folder, 'on'));
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
})();

/** Why system calls cannot be made to fail in a program here; undefined if they can. */
export const whyNoFailingCalls: string | undefined = (() => {
  if (fails('sh', '-c', 'command -v fiu-run')) return 'fiu-run is not installed (package fiu-utils)';
  return fails('fiu-run', '-f', '', '-x', 'true') ? 'fiu-run does not work here' : undefined;
})();

export const whyNoProcessLimits: string | undefined = fails('prlimit', '--nofile=100', 'true')
  ? 'prlimit is not installed (package util-linux)'
  : undefined;

/** The folder of memory control groups, whichever version the kernel has; undefined if there is none that we may use. */
const controlGroups: { folder: string; limit: string } | undefined = (() => {
  if (process.geteuid?.() !== 0) return undefined;
  const first = '/sys/fs/cgroup/memory';
  if (existsSync(join(first, 'memory.limit_in_bytes'))) return { folder: first, limit: 'memory.limit_in_bytes' };
  return undefined;
})();

export const whyNoMemoryLimit: string | undefined =
  controlGroups === undefined ? 'no control group for memory can be made here' : undefined;

/** A control group that may take so many bytes of memory. The program in it moves itself there: see `within`. */
export class MemoryLimit {
  readonly #folder: string;

  constructor(bytesMax: number) {
    if (controlGroups === undefined) throw new Error('no control groups');
    this.#folder = join(controlGroups.folder, `lifeboat-test-${process.pid}-${bytesMax}`);
    mkdirSync(this.#folder);
    command('sh', '-c', 'echo "$1" > "$2"', 'sh', String(bytesMax), join(this.#folder, controlGroups.limit));
  }

  /** The words that run a program inside. */
  within(): string[] {
    return ['sh', '-c', 'echo $$ > "$0"; exec "$@"', join(this.#folder, 'cgroup.procs')];
  }

  /** The most that it ever held, the cache of the files it wrote included. */
  peakBytes(): number {
    return Number(command('cat', join(this.#folder, 'memory.max_usage_in_bytes')));
  }

  remove(): void {
    command('rmdir', this.#folder);
  }
}

/** A file system of its own, mounted at a folder. */
export class Mount {
  readonly path: string;
  readonly #image: string | undefined;

  private constructor(path: string, image: string | undefined) {
    this.path = path;
    this.#image = image;
  }

  /** `options` as mount(8) takes them: `size=4m,nr_inodes=100`. */
  static tmpfs(path: string, options: string): Mount {
    mkdirSync(path, { recursive: true });
    command('mount', '-t', 'tmpfs', '-o', options, 'tmpfs', path);
    return new Mount(path, undefined);
  }

  static xfs(path: string): Mount {
    const image = `${path}.image`;
    mkdirSync(path, { recursive: true });
    command('truncate', '-s', '400M', image);
    command('mkfs.xfs', '-q', image);
    const mount = new Mount(path, image);
    mount.mountAgain();
    return mount;
  }

  /** The power goes: nothing that was not forced to the disk is there any more, not even the log in memory. */
  cutPower(): void {
    command('xfs_io', '-x', '-c', 'shutdown', this.path);
  }

  mountAgain(): void {
    command('mount', '-o', 'loop', this.#image as string, this.path);
  }

  remount(option: 'ro' | 'rw'): void {
    command('mount', '-o', `remount,${option}`, this.path);
  }

  /** Takes all the room but so many bytes, until `makeRoom`. */
  async fill(bytesLeft: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.path);
    const bytes = bavail * bsize - bytesLeft;
    if (bytes > 0) command('fallocate', '-l', String(bytes), this.#ballast);
    else await (await open(this.#ballast, 'w')).close();
  }

  async makeRoom(): Promise<void> {
    await rm(this.#ballast);
  }

  get #ballast(): string {
    return join(this.path, '.ballast');
  }

  unmount(): void {
    command('umount', this.path);
  }
}
