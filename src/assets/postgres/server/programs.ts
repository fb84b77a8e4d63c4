import { chmod, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { chance, LifeboatError, mustSucceed, plainEnvironment, systemCodeOf } from '../../../core/index.ts';

/** The programs of one PostgreSQL installation. */
export interface ServerPrograms {
  readonly major: number;
  /** The folder that holds `postgres` and `initdb`. */
  readonly folder: string;
  /** Where its loadable modules are, those that exist. */
  readonly moduleFolders: readonly string[];
}

/** Major versions that are supported and tested. */
export const supportedMajors = [15, 16, 17, 18] as const;

/**
 * The programs of a major version: the system's, those on the PATH, or those that came with an npm package.
 * Throws `asset.tool_missing` saying how to get them.
 */
export async function findPrograms(major: number): Promise<ServerPrograms> {
  const found = (await systemPrograms(major)) ?? (await programsOnPath(major)) ?? (await packagedPrograms(major));
  if (found !== undefined) return found;
  throw new LifeboatError('asset.tool_missing', `no PostgreSQL ${major} server programs were found on this machine`, {
    hint: `Install them: apt-get install postgresql-${major} (only a server of the same major version can read this data).`,
  });
}

/** The programs of whichever supported version this machine has, the system's first; for a new cluster. */
export async function findAnyPrograms(): Promise<ServerPrograms> {
  for (const find of [systemPrograms, programsOnPath, packagedPrograms]) {
    for (const major of supportedMajors) {
      const found = await find(major);
      if (found !== undefined) return found;
    }
  }
  throw new LifeboatError('asset.tool_missing', 'no PostgreSQL server programs were found on this machine', {
    hint: 'Install them: apt-get install postgresql',
  });
}

async function systemPrograms(major: number): Promise<ServerPrograms | undefined> {
  const root = `/usr/lib/postgresql/${major}`;
  return (await exists(join(root, 'bin', 'postgres'))) ? programsIn(major, join(root, 'bin')) : undefined;
}

async function programsOnPath(major: number): Promise<ServerPrograms | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(':').filter((part) => part !== '')) {
    if (!(await exists(join(folder, 'postgres'))) || !(await exists(join(folder, 'initdb')))) continue;
    const { stdout } = await mustSucceed([join(folder, 'postgres'), '--version']);
    if (new RegExp(`\\) ${major}(\\.|\\D|$)`).test(stdout)) return programsIn(major, folder);
  }
  return undefined;
}

/** The npm package leaves the links of its libraries to an install script, which npm does not run: a copy with links is made once. */
async function packagedPrograms(major: number): Promise<ServerPrograms | undefined> {
  const name = `postgres-${major}-linux-x64`;
  const source = await findPackage(name);
  if (source === undefined) return undefined;
  const { version } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as { version: string };
  const place = join(cacheFolder(), `postgresql-${version}`);
  if (!(await exists(place))) await copyPackage(source, place);
  return programsIn(major, join(place, 'native', 'bin'));
}

async function copyPackage(source: string, place: string): Promise<void> {
  await mkdir(dirname(place), { recursive: true });
  // Whatever the umask: the server may run as another user, who must get here.
  await chmod(dirname(place), 0o755);
  const temporary = `${place}.${chance(8)}`;
  try {
    await cp(join(source, 'native'), join(temporary, 'native'), { recursive: true });
    const links = JSON.parse(await readFile(join(source, 'native', 'pg-symlinks.json'), 'utf8')) as {
      source: string;
      target: string;
    }[];
    for (const link of links) {
      await rm(join(temporary, link.target), { force: true });
      await symlink(join(place, link.source), join(temporary, link.target));
    }
    // npm does not keep the executable bit of files that are not named as programs.
    await mustSucceed(['chmod', '-R', 'a+rX', temporary]);
    await mustSucceed([
      'chmod',
      'a+x',
      ...['initdb', 'pg_ctl', 'postgres'].map((name) => join(temporary, 'native', 'bin', name)),
    ]);
    await rename(temporary, place);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // Another process made the same copy meanwhile; either is as good.
    if (systemCodeOf(error) !== 'ENOTEMPTY' && systemCodeOf(error) !== 'EEXIST') throw error;
  }
}

/** Not in a folder that everybody can write to: what lies here is executed. */
function cacheFolder(): string {
  if (process.getuid?.() === 0) return '/var/cache/lifeboat';
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'lifeboat');
}

async function findPackage(name: string): Promise<string | undefined> {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const place = join(folder, 'node_modules', name);
    if (await exists(join(place, 'native', 'bin', 'postgres'))) return place;
    if (folder === dirname(folder)) return undefined;
  }
}

async function programsIn(major: number, folder: string): Promise<ServerPrograms> {
  const candidates = [join(folder, '../lib'), join(folder, '../lib/postgresql')];
  const present = await Promise.all(candidates.map(exists));
  return { major, folder, moduleFolders: candidates.filter((_, index) => present[index]) };
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false, // whatever keeps us from seeing it keeps us from using it
  );

/** What a server gets of our environment: the time zone and language, so that its messages can be read. */
export const serverEnvironment = (): Record<string, string> => plainEnvironment({ LC_MESSAGES: 'C' });
