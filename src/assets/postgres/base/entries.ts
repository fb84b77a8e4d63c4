import { free, LifeboatError } from '../../../core/index.ts';
import type { Entry } from '../../entry.ts';
import type { BackupItem, BaseBackup } from './base-backup.ts';
import { Crc32c } from '../crc32c.ts';
import { ownFiles, relationOf, throwAway } from '../layout.ts';
import { passedOver, type Received } from './manifest.ts';
import type { BadPages } from '../pages/bad-pages.ts';
import type { SourceFacts } from './source-facts.ts';
import type { TarHeader } from './tar.ts';

type Items = AsyncGenerator<BackupItem, void, void>;

/**
 * Yields the root and each entry of all archives, those of tablespaces below `pg_tblspc/<oid>`; a folder before what it holds.
 * Returns the size and checksum of every file that arrived, by the path that the server's list uses.
 */
export async function* entriesOf(
  backup: BaseBackup,
  { folderMode, tablespaces }: SourceFacts,
  bad: BadPages,
): AsyncGenerator<Entry, Map<string, Received>, void> {
  const received = new Map<string, Received>();
  const folders = new Set<string>();
  const items = backup.items();
  let tablespace: string | undefined;
  yield folderOf('', folderMode);
  for await (const item of { [Symbol.asyncIterator]: () => items }) {
    if (item.kind === 'archive') {
      tablespace = item.tablespace;
      for (const path of tablespace === undefined ? [] : ['pg_tblspc', `pg_tblspc/${tablespace}`]) {
        if (!folders.has(path)) yield folderOf(path, folderMode);
        folders.add(path);
      }
      continue;
    }
    if (item.kind === 'data') free(item.bytes);
    if (item.kind !== 'entry') continue;
    const path = tablespace === undefined ? item.header.path : `pg_tblspc/${tablespace}/${item.header.path}`;
    if (throwAway.test(path))
      throw new LifeboatError('asset.unsupported', `the server sent ${path}, which belongs to no backup`);
    yield* entryOf(path, item.header, { items, folders, received, backup, bad });
  }
  for (const { id } of tablespaces) {
    const holds = [...folders].some((path) => path.startsWith(`pg_tblspc/${id}/PG_`));
    if (!holds) throw new LifeboatError('asset.vanished', `the server sent nothing of tablespace ${id}`);
  }
  return received;
}

interface Reading {
  readonly items: Items;
  readonly folders: Set<string>;
  readonly received: Map<string, Received>;
  readonly backup: BaseBackup;
  readonly bad: BadPages;
}

function* entryOf(path: string, header: TarHeader, reading: Reading): Generator<Entry, void, void> {
  const { type, mode, modifiedNs, bytes } = header;
  const common = { path, mode, modifiedNs };
  if (type === 'symlink') {
    // The link to a tablespace: its contents come in an archive of their own and are restored as a plain folder.
    if (!/^pg_tblspc\/\d+$/.test(path)) yield { ...common, type, target: header.target };
  } else if (type === 'folder') {
    if (path !== '' && !reading.folders.has(path)) yield { ...common, type };
    reading.folders.add(path);
  } else if (bytes === 0) {
    reading.received.set(path, { bytes: 0, checksum: new Crc32c().hex() });
    if (!ownFiles.test(path)) yield { ...common, type };
  } else if (ownFiles.test(path)) {
    // Its bytes are passed over by whoever asks for the next entry; the server's list holds it, so its arrival counts.
    reading.received.set(path, { bytes, checksum: passedOver });
  } else {
    const inspection = reading.bad.inspectionOf(path);
    // Pages carry checksums of their own, which whoever stores them looks at: cheaper, and in another thread than this one.
    const pieces = (): AsyncGenerator<Buffer, void, void> =>
      piecesOf(path, reading, inspection === undefined ? new Crc32c() : undefined);
    const isFixed = relationOf(path) !== undefined;
    yield {
      ...common,
      type,
      chunking: isFixed ? 'fixed' : 'content',
      content: {
        kind: 'stream',
        read: () => partsOf(pieces()),
        ...(isFixed ? { pieces } : {}),
        ...(inspection === undefined ? {} : { inspection }),
      },
    };
  }
}

/** For who is done with a part when he asks for the next. */
async function* partsOf(pieces: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array, void, void> {
  for await (const bytes of pieces) {
    yield bytes;
    free(bytes);
  }
}

async function* piecesOf(
  path: string,
  { items, received, backup }: Reading,
  checksum: Crc32c | undefined,
): AsyncGenerator<Buffer, void, void> {
  let bytes = 0;
  for (;;) {
    const { value, done } = await items.next();
    // The items end in the middle of a file only by an error, which `next` throws.
    if (done === true || value.kind === 'end') break;
    if (value.kind !== 'data') continue;
    checksum?.update(value.bytes);
    bytes += value.bytes.length;
    if (path === 'backup_label') backup.label += Buffer.from(value.bytes).toString('utf8');
    yield value.bytes;
  }
  received.set(path, { bytes, checksum: checksum?.hex() ?? passedOver });
}

const folderOf = (path: string, mode: number): Entry => ({ path, type: 'folder', mode, modifiedNs: 0n });
