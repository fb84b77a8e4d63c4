import { lstat, readdir, readlink, realpath } from 'node:fs/promises';
import { comparePaths, LifeboatError, nameOfBytes, shownName, systemClock, systemPath } from '../../../core/index.ts';
import type { CaptureFacts, CaptureOptions } from '../../asset.ts';
import type { Entry } from '../../entry.ts';
import { relationOf } from '../layout.ts';
import { pageBytes } from '../pages/page-inspector.ts';
import { asideFile, controlFile } from './control.ts';
import { lookInPlace, markFile, mustBeStopped } from './look.ts';

/** Links that stand for the folders that they lead to: tablespaces, and a log on a disk of its own. */
export const isLinkedFolder = (path: string): boolean => /^(pg_tblspc\/\d+|pg_wal)$/.test(path);

/** The server fills these from the start on: looking for where their content may be cut anew finds nothing, and takes as long as hashing it. */
const logSegment = /^pg_wal\/[0-9A-F]{24}$/;

/** Everything in a stopped data directory, read as it is whatever its times say. See `InPlaceKeeping.capture`. */
export async function* captureStopped(
  target: string,
  options: CaptureOptions,
): AsyncGenerator<Entry, CaptureFacts, void> {
  const { identity, path, state, stateHash, timeline, mark } = await lookInPlace(target);
  const atMs = systemClock.now();
  const warnings: string[] = [];
  yield* entriesBelow(path, '', warnings);
  await options.readSoFar();
  await mustBeStopped(path);
  return {
    atMs,
    kind: 'before-image',
    source: identity,
    facts: { systemId: identity.id, timeline, path, state, stateHash, half: mark !== undefined },
    warnings,
  };
}

/** As `captureStopped`, and no more than a look: nothing is read. */
export const entriesOf = (path: string): AsyncGenerator<Entry, void, void> => entriesBelow(path, '', []);

async function* entriesBelow(root: string, folder: string, warnings: string[]): AsyncGenerator<Entry, void, void> {
  const place = folder === '' ? root : `${root}/${folder}`;
  if (folder === '') yield await entryOf(root, '', warnings).then((entry) => entry as Entry);
  const names = (await readdir(systemPath(place), { encoding: 'buffer' })).map(nameOfBytes).toSorted(comparePaths);
  for (const name of names) {
    const path = folder === '' ? name : `${folder}/${name}`;
    // What this rewriting put there itself is no part of what was.
    if (path === markFile || (path === controlFile && names.includes(asideFile.slice('global/'.length)))) continue;
    const entry = await entryOf(root, path, warnings);
    if (entry === undefined) continue;
    yield entry;
    if (entry.type === 'folder') yield* entriesBelow(root, path, warnings);
  }
}

async function entryOf(root: string, path: string, warnings: string[]): Promise<Entry | undefined> {
  const place = path === '' ? root : `${root}/${path}`;
  let stat = await lstat(systemPath(place), { bigint: true });
  if (stat.isSymbolicLink() && isLinkedFolder(path)) stat = await lstat(await realpath(place), { bigint: true });
  const common = {
    path: path === asideFile ? controlFile : path,
    mode: Number(stat.mode) & 0o7777,
    modifiedNs: stat.mtimeNs,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
  };
  if (stat.isDirectory()) return { ...common, type: 'folder' };
  if (stat.isSymbolicLink()) {
    const target = nameOfBytes(await readlink(systemPath(place), { encoding: 'buffer' }));
    return { ...common, type: 'symlink', target };
  }
  if (!stat.isFile()) {
    warnings.push(`${shownName(path)} is neither file, folder nor link, and is left out`);
    return undefined;
  }
  if (stat.size === 0n) return { ...common, type: 'file' };
  return {
    ...common,
    type: 'file',
    bytesExpected: Number(stat.size),
    ...cutOf(path),
    reread: true,
    content: { kind: 'file', path: place },
  };
}

/** Relations change by pages; a log segment is that of the point or another one. */
function cutOf(path: string): Pick<Entry, 'chunking' | 'pageBytes'> {
  if (relationOf(path) !== undefined) return { chunking: 'fixed', pageBytes };
  return { chunking: logSegment.test(path) ? 'fixed' : 'content' };
}

/** Throws `asset.foreign` when the folder holds another cluster than the point. */
export function mustBeSameCluster(point: Readonly<Record<string, unknown>>, systemId: string, path: string): void {
  if (String(point['systemId']) === systemId) return;
  throw new LifeboatError(
    'asset.foreign',
    `${path} is cluster ${systemId}, and the point is of ${String(point['systemId'])}`,
    { where: path, hint: 'Nothing was changed. Look at the path; or restore beside: leave --in-place out.' },
  );
}
