import { open, rm, stat } from 'node:fs/promises';
import { z } from 'zod';
import { formatBytes, LifeboatError, systemCodeOf } from '../../core/index.ts';
import type { FormKind, KeptContent } from '../outside.ts';
import { stopIfAsked } from '../stop.ts';
import type { Measure } from './newest.ts';

const magic = Buffer.from('SQLite format 3\0');
const headerBytes = 100;

/** Copies of a SQLite database that others make: the database file itself, however packed. */
export const sqliteForm: FormKind<{ path: string; measure?: Measure | undefined }> = {
  type: 'sqlite',
  settings: {
    measure: z
      .strictObject({ newest: z.string().optional(), rows: z.string().optional() })
      .optional()
      .describe('Queries for the time of the newest row and the number of rows, as for an asset of type sqlite.'),
  },
  assetSettings: (settings) => ({ path: 'kept by others', measure: (settings as { measure?: Measure }).measure }),
  open: () => ({
    read: async (content, options) => {
      const bytes = await throughHeader(content, async () => {}, options?.signal);
      return `a SQLite database of ${formatBytes(bytes)}`;
    },
    build: async (content, staging, options) => {
      const file = await open(staging, 'wx', 0o600);
      try {
        await throughHeader(content, (piece) => file.writeFile(piece), options.signal);
        await file.sync();
      } catch (error) {
        await rm(staging, { force: true });
        if (systemCodeOf(error) !== 'ENOSPC') throw error;
        throw new LifeboatError('restore.no_room', `the disk of ${staging} became full`, { cause: error });
      } finally {
        await file.close();
      }
      options.progress.advance({ bytes: (await stat(staging)).size });
    },
  }),
};

/** Hands every piece on; says how many bytes there were. Throws `asset.foreign`, `asset.corrupt` for fewer than the header says. */
async function throughHeader(
  content: KeptContent,
  take: (piece: Uint8Array) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (content.kind !== 'stream')
    throw new LifeboatError('asset.foreign', 'a SQLite database is one file: name it as the path of the copies');
  let start: Buffer = Buffer.alloc(0);
  let bytes = 0;
  for await (const piece of content.read()) {
    stopIfAsked(signal, `the reading of ${content.name}`);
    if (start.length < headerBytes) start = Buffer.concat([start, piece]).subarray(0, headerBytes);
    bytes += piece.length;
    await take(piece);
  }
  if (!start.subarray(0, magic.length).equals(magic))
    throw new LifeboatError('asset.foreign', `${content.name} is no SQLite database`, {
      hint: 'Is it still packed or encrypted? Say under "decode" how it is undone.',
    });
  const field = start.readUInt16BE(16);
  const pageBytes = field === 1 ? 65_536 : field;
  // The header counts the pages only if it says so itself, by the change counter it was written with.
  const pages = start.readUInt32BE(92) === start.readUInt32BE(24) ? start.readUInt32BE(28) : 0;
  if (bytes % pageBytes !== 0 || bytes < pages * pageBytes)
    throw new LifeboatError('asset.corrupt', `${content.name} is cut: ${bytes} bytes of ${pages * pageBytes}`, {
      hint: 'Was the file copied while it was written? Use the backup interface of SQLite, or let Lifeboat back it up.',
    });
  return bytes;
}
