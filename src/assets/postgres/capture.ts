import type { Client } from 'pg';
import { LifeboatError } from '../../core/index.ts';
import type { CaptureFacts, CaptureOptions } from '../asset.ts';
import type { Entry } from '../entry.ts';
import { BaseBackup, type BackupItem } from './base-backup.ts';
import { connect, connectReplication, serverError } from './connection.ts';
import { LogWatch } from './end-of-backup.ts';
import { identifyServer } from './identify.ts';
import { compareWithManifest } from './manifest.ts';
import { readSettings } from './settings.ts';
import type { TarHeader } from './tar.ts';

/** Contents that a backup must not bring back: they belong to the running server (backup.sgml), and the server leaves them out. */
const throwAway =
  /^(postmaster\.(pid|opts)$|pg_(replslot|dynshmem|notify|serial|snapshots|stat_tmp|subtrans)\/.)|(^|\/)(pgsql_tmp[^/]*|pg_internal\.init[^/]*)(\/|$)/;

/** Files of whole pages: cut at page boundaries, so that a changed row costs one piece. */
const relationFile = /(^|\/)(base\/\d+|global|PG_\d+_\d+\/\d+)\/\d+(_(fsm|vm|init))?(\.\d+)?$/;

/**
 * A physical backup through the replication protocol, with the log it needs to become consistent. See `Asset.capture`.
 */
export async function* captureCluster(url: string, options: CaptureOptions): AsyncGenerator<Entry, CaptureFacts, void> {
  const identity = await identifyServer(url);
  const ordinary = await connect(url);
  let replication: Client | undefined;
  let watch: LogWatch | undefined;
  let backup: BaseBackup | undefined;
  const stop = (): void => backup?.abort(options.signal?.reason);
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    options.signal?.throwIfAborted();
    const settings = await readSettings(ordinary);
    watch = new LogWatch(ordinary);
    await watch.sample();
    replication = await connectReplication(url);
    backup = new BaseBackup(
      replication,
      `BASE_BACKUP (LABEL 'lifeboat', CHECKPOINT 'fast', WAL true, TABLESPACE_MAP true, MANIFEST 'yes', MANIFEST_CHECKSUMS 'NONE')`,
    );
    const received = yield* entriesOf(backup);
    compareWithManifest(backup.manifest, received);
    const { start, end } = backup;
    const atMs = await watch.latestBefore(end.lsn);
    if (atMs === undefined)
      throw new LifeboatError('asset.vanished', 'the server’s log went backwards during the backup');
    const facts = {
      systemId: identity.systemId,
      version: identity.version,
      major: identity.major,
      startLsn: start.lsn,
      endLsn: end.lsn,
      timeline: end.timeline,
      tablespaces: start.tablespaces,
      settings,
    };
    return { atMs, kind: 'base', source: identity.source, facts, warnings: [] };
  } catch (error) {
    throw options.signal?.aborted ? cancelled(options.signal.reason) : serverError(error);
  } finally {
    options.signal?.removeEventListener('abort', stop);
    // Ended early, the server still sends: only a broken connection makes it stop and close its backup session.
    backup?.abort(new LifeboatError('operation.cancelled', 'the backup was ended'));
    await watch?.stop();
    await replication?.end().catch(() => {}); // the connection is broken on purpose
    await ordinary.end().catch(() => {}); // the server is gone, and whoever needed it knows
  }
}

/** Yields each entry; returns the size of every file that arrived, by the path that the server's list uses. */
async function* entriesOf(backup: BaseBackup): AsyncGenerator<Entry, Map<string, number>, void> {
  const received = new Map<string, number>();
  const items = backup.items();
  let tablespace: string | undefined;
  for await (const item of { [Symbol.asyncIterator]: () => items }) {
    if (item.kind === 'archive') {
      tablespace = item.tablespace;
      if (tablespace !== undefined) yield folderOf(`pg_tblspc/${tablespace}`);
      continue;
    }
    if (item.kind !== 'entry') continue;
    const path = tablespace === undefined ? item.header.path : `pg_tblspc/${tablespace}/${item.header.path}`;
    if (throwAway.test(path))
      throw new LifeboatError('asset.unsupported', `the server sent ${path}, which belongs to no backup`);
    // The link to a tablespace: its contents come in an archive of their own and are restored as a plain folder.
    if (item.header.type === 'symlink' && /^pg_tblspc\/\d+$/.test(path)) continue;
    if (item.header.type === 'file') received.set(path, item.header.bytes);
    if (path === '') continue;
    yield entryOf(path, item.header, items);
  }
  return received;
}

function entryOf(path: string, header: TarHeader, items: AsyncGenerator<BackupItem, void, void>): Entry {
  const { type, mode, modifiedNs } = header;
  const common = { path, mode, modifiedNs };
  if (type === 'symlink') return { ...common, type, target: header.target };
  if (type === 'folder' || header.bytes === 0) return { ...common, type };
  return {
    ...common,
    type,
    chunking: relationFile.test(path) ? 'fixed' : 'content',
    content: { kind: 'stream', read: () => contentOf(items) },
  };
}

async function* contentOf(items: AsyncGenerator<BackupItem, void, void>): AsyncGenerator<Uint8Array, void, void> {
  for (;;) {
    const { value, done } = await items.next();
    if (done || value.kind === 'end') return;
    if (value.kind === 'data') yield value.bytes;
  }
}

const folderOf = (path: string): Entry => ({ path, type: 'folder', mode: 0o700, modifiedNs: 0n });

const cancelled = (reason: unknown): LifeboatError =>
  reason instanceof LifeboatError
    ? reason
    : new LifeboatError('operation.cancelled', 'the backup was stopped', { cause: reason });
