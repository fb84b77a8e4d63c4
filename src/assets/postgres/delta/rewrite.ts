import { chown, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assert, syncFolder, writeFileDurably } from '../../../core/index.ts';
import type { PointContents, RewrittenTree } from '../../entry.ts';
import type { InPlaceOptions } from '../../in-place.ts';
import { ownFiles } from '../layout.ts';
import { isLinkedFolder, mustBeSameCluster } from './capture-stopped.ts';
import { asideFile, controlFile, ifThere, setControlAside } from './control.ts';
import { lookInPlace, markFile } from './look.ts';

/** What a target keeps as it has it: how this machine runs the server, and no part of the data. */
const configuration = new Set(['postgresql.conf', 'postgresql.auto.conf', 'pg_hba.conf', 'pg_ident.conf']);

/** The map would send the server to the source's tablespaces, the signals make it follow another; the control file comes last. */
const leftOut = new Set(['tablespace_map', 'standby.signal', 'recovery.signal', controlFile]);

/** See `InPlaceKeeping.rewrite`. */
export async function rewriteCluster(
  point: PointContents,
  current: PointContents,
  target: string,
  options: InPlaceOptions,
): Promise<RewrittenTree> {
  const { path, identity } = await lookInPlace(target);
  mustBeSameCluster(point.facts, identity.id, path);
  assert(point.rewriteTree !== undefined, 'a point that is restored in place is of a repository');
  const { uid, gid } = await stat(path);
  const has = new Set(await readdir(path));
  const stays = (name: string): boolean => !options.exactly && keepsOwn(name, has);
  await writeOwned(join(path, markFile), options.mark, { uid, gid });
  await setControlAside(path);
  await rm(logFolderOf(path), { recursive: true, force: true });
  await options.replay?.begin(logFolderOf(path));
  const written = await point.rewriteTree(path, current, {
    place: (entry) => (isLeftOut(entry.path, options.exactly) || stays(entry.path) ? undefined : entry.path),
    keep: (name) => name === markFile || name === asideFile || stays(name),
    follow: isLinkedFolder,
    ...(options.exactly ? {} : { owner: { uid, gid } }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  // Before the control file: with that alone a server would open what is not complete, or go on as its source.
  if (!options.exactly) await writeOwned(join(path, 'recovery.signal'), '', { uid, gid });
  await placeControl(point, path, { uid, gid });
  return written;
}

const keepsOwn = (name: string, has: ReadonlySet<string>): boolean => configuration.has(name) && has.has(name);

/** Whether what stands there by this path is made that of the point, or goes; `has`: the names in the target. */
export const isPlaced = (path: string, has: ReadonlySet<string>): boolean =>
  !isLeftOut(path, false) && !keepsOwn(path, has);

/** See `InPlaceKeeping.bar`. */
export async function barCluster(target: string): Promise<void> {
  await setControlAside(target);
}

/** See `InPlaceKeeping.finish`. The mark goes last. */
export async function finishCluster(target: string): Promise<void> {
  for (const name of await readdir(target)) if (ownFiles.test(name) && name !== markFile) await rm(join(target, name));
  await rm(join(target, asideFile), { force: true });
  await syncFolder(join(target, 'global'));
  await rm(join(target, markFile), { force: true });
  await syncFolder(target);
}

/** Beside it, on a disk that has room for the database. */
const logFolderOf = (path: string): string =>
  join(dirname(path), `.${path.slice(dirname(path).length + 1)}.lifeboat-log`);

const isLeftOut = (path: string, exactly: boolean): boolean =>
  exactly ? path === controlFile || path === 'postmaster.pid' : leftOut.has(path);

async function placeControl(
  point: PointContents,
  folder: string,
  owner: { readonly uid: number; readonly gid: number },
): Promise<void> {
  const temporary = join(folder, `${controlFile}.lifeboat-new`);
  const file = await open(temporary, 'w', 0o600);
  try {
    for await (const bytes of point.read(controlFile)) await file.writeFile(bytes);
    await file.chown(owner.uid, owner.gid);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(folder, controlFile));
  await syncFolder(join(folder, 'global'));
}

async function writeOwned(
  path: string,
  text: string,
  { uid, gid }: { readonly uid: number; readonly gid: number },
): Promise<void> {
  await writeFileDurably(path, text, 0o600);
  if ((await ifThere(stat(path)))?.uid !== uid) await chown(path, uid, gid);
}
