import { chown, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LifeboatError, shellWord } from '../../../core/index.ts';

export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Who runs a server we start: ourselves, or, because PostgreSQL refuses root, `postgres` (or `nobody`) when we are root. */
export async function serverUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody']) {
    const found = lines.find(([name]) => name === wanted);
    if (found !== undefined) return { name: wanted, uid: Number(found[2]), gid: Number(found[3]) };
  }
  throw new LifeboatError(
    'asset.tool_missing',
    'PostgreSQL refuses to run as root, and there is no user postgres or nobody',
    {
      hint: 'Make one: useradd --system postgres',
    },
  );
}

/** A private folder of the server's user. Its parent must exist. */
export async function makeServerFolder(path: string, user: ServerUser | undefined): Promise<void> {
  await mkdir(path, { mode: 0o700 });
  if (user !== undefined) await chown(path, user.uid, user.gid);
}

/** Throws `restore.target_unusable` naming the first folder above `path` that the server's user cannot pass. */
export async function mustBePassable(path: string, user: ServerUser | undefined): Promise<void> {
  if (user === undefined) return;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode, uid, gid } = await stat(folder);
    const needed = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & needed) === 0) {
      throw new LifeboatError(
        'restore.target_unusable',
        `a PostgreSQL started by root runs as ${user.name}, who may not pass ${folder}`,
        {
          hint: `Name a target elsewhere, or let it pass: chmod a+x ${shellWord(folder)}`,
        },
      );
    }
    if (folder === dirname(folder)) return;
  }
}
