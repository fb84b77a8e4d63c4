import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { runProcess, plainEnvironment } from '../src/core/index.ts';

/** The folder of PostgreSQL's own programs, pgbench among them, which Debian keeps off the PATH. */
export const postgresPrograms = '/usr/lib/postgresql/15/bin';

const packageOf: Readonly<Record<string, string>> = {
  pgbench: 'postgresql-15',
  pgbackrest: 'pgbackrest',
  restic: 'restic',
  borg: 'borgbackup',
};

/** Installs what is missing of the peers, when we may. Returns why something is still missing, by program. */
export async function installPeers(
  may: boolean,
  say: (sentence: string) => void,
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
    const { exitCode, stderr } = await aptGet(words, env);
    if (exitCode !== 0) failures.push(`apt-get ${words[0]}: ${stderr.trim().split('\n').at(-1) ?? ''}`);
  }
  const why = failures.at(-1) ?? 'apt-get said that it was installed, and it is not on the PATH';
  return new Map((await missingPrograms()).map((program) => [program, why]));
}

const aptGet = async (words: readonly string[], env: Record<string, string>) => {
  try {
    return await runProcess(['apt-get', '-qq', ...words], { env, timeoutMs: 600_000 });
  } catch (error) {
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
  for (const folder of folders) {
    try {
      await access(join(folder, program), constants.X_OK);
      return true;
    } catch {
      // Not in this folder, or not for us: the next one is tried.
    }
  }
  return false;
}
