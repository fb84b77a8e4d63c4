import { open, readdir, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { CheckContext, CheckKind } from '../../../checks/index.ts';
import { LifeboatError, messageOf, systemCodeOf } from '../../../core/index.ts';
import type { Inspector } from '../../entry.ts';
import { relationOf } from '../layout.ts';
import { makeInspector, pageBytes, type BadPage } from '../pages/page-inspector.ts';
import { observationOf, onConnection, serverOf, wholeMs } from './ask.ts';

const schema = z.literal('all').describe('all: the checksum of every page in every file of the server.');

/**
 * `pages: all`: the checksum of every page on the disk, indexes and free space maps too, without asking the server to read them. Only where
 * its files are on this machine, as those of a restored copy are. Gives `wrong` and `looked` (pages).
 */
export const pagesCheck: CheckKind<'all'> = {
  kind: 'pages',
  schema,
  timeoutMs: wholeMs,
  describe: () => 'the checksum of every page',
  observe: async (_, context) => {
    const server = await lookAt(context);
    const wrong: string[] = [];
    let looked = 0;
    const inspector = makeInspector();
    for (const path of await filesOf(server.folder)) {
      context.signal?.throwIfAborted();
      const found = await inspectFile(server, path, inspector, context);
      looked += found.pages;
      wrong.push(...found.bad.map((block) => `page ${block} in ${path}`));
    }
    return observationOf(wrong, looked, 'pages fit their checksums', 'every page fits');
  },
};

interface Server {
  readonly folder: string;
  readonly segmentPages: number;
}

/** Where the files of this very server are, and of no namesake. Throws `check.unanswered`. */
async function lookAt(context: CheckContext): Promise<Server> {
  const row = await onConnection(serverOf(context), context, async (client) => {
    const { rows } = await client.query<{
      folder: string;
      sums: string;
      block: string;
      segment: string;
      started: string;
    }>(
      `select current_setting('data_directory') as folder, current_setting('data_checksums') as sums,
              current_setting('block_size') as block,
              (select setting from pg_settings where name = 'segment_size') as segment,
              floor(extract(epoch from pg_postmaster_start_time()))::text as started`,
    );
    return rows[0];
  });
  if (row === undefined) throw cannot('the server does not say where its files are');
  const { folder, sums, block, segment, started } = row;
  if (sums !== 'on')
    throw cannot('the server keeps no checksums of its pages', 'Stop it once and run: pg_checksums --enable.');
  if (Number(block) !== pageBytes) throw cannot(`its pages have ${block} bytes, not ${pageBytes}`);
  let note: string[];
  try {
    note = (await readFile(join(folder, 'postmaster.pid'), 'latin1')).split('\n');
  } catch (error) {
    throw cannot(
      `${folder} cannot be read here: ${messageOf(error)}`,
      'It needs the files of the server on this machine.',
    );
  }
  // Seconds: the server writes the file a moment before it notes when it started.
  if (Math.abs(Number(note[2]) - Number(started)) > 5) throw cannot(`${folder} on this machine is of another server`);
  return { folder, segmentPages: Number(segment) };
}

const cannot = (message: string, hint?: string): LifeboatError =>
  new LifeboatError('check.unanswered', message, hint === undefined ? {} : { hint });

async function filesOf(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const top of ['base', 'global', 'pg_tblspc']) await collect(folder, top, found);
  return found;
}

/** Links of tablespaces are followed: what is behind them is the server's too. */
async function collect(folder: string, path: string, found: string[]): Promise<void> {
  for (const entry of await readdir(join(folder, path), { withFileTypes: true })) {
    const below = `${path}/${entry.name}`;
    if (entry.isDirectory() || entry.isSymbolicLink()) await collect(folder, below, found);
    else if (relationOf(below) !== undefined) found.push(below);
  }
}

const pieceBytes = 64 * pageBytes;
/** A page that the server writes while it is read does not fit for a moment. */
const rereads = 5;
const betweenRereadsMs = 100;

async function inspectFile(
  { folder, segmentPages }: Server,
  path: string,
  inspector: Inspector,
  { clock }: CheckContext,
): Promise<{ pages: number; bad: number[] }> {
  const firstBlock = (relationOf(path)?.segment ?? 0) * segmentPages;
  let file: FileHandle;
  try {
    file = await open(join(folder, path));
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return { pages: 0, bad: [] }; // dropped meanwhile
    throw error;
  }
  const look = async (offset: number, bytes: number): Promise<{ read: number; bad: number[] }> => {
    const room = inspector.room(bytes);
    const { bytesRead: read } = await file.read(room, 0, bytes, offset);
    const findings = inspector.inspect(room.subarray(0, read), offset, { firstBlock });
    return { read, bad: findings.map(({ seen }) => (seen as BadPage).block) };
  };
  try {
    const bad: number[] = [];
    let offset = 0;
    for (;;) {
      const { read, bad: suspects } = await look(offset, pieceBytes);
      for (const block of suspects) {
        const place = (block - firstBlock) * pageBytes;
        let isBad = true;
        for (let again = 0; isBad && again < rereads; again += 1) {
          await clock.sleep(betweenRereadsMs);
          isBad = (await look(place, pageBytes)).bad.length > 0;
        }
        if (isBad) bad.push(block);
      }
      offset += read;
      if (read < pieceBytes) return { pages: Math.floor(offset / pageBytes), bad };
    }
  } finally {
    await file.close();
  }
}
