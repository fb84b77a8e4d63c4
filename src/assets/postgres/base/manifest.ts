import { createHash } from 'node:crypto';
import { z } from 'zod';
import { LifeboatError } from '../../../core/index.ts';

/** Stands for the checksum of a file that was left out on purpose, or is judged by the checksums of its pages. */
export const passedOver = 'passed over';

/** What arrived of one file. */
export interface Received {
  readonly bytes: number;
  /** CRC-32C as the manifest writes it. */
  readonly checksum: string;
}

const schema = z.object({
  'PostgreSQL-Backup-Manifest-Version': z.union([z.literal(1), z.literal(2)]),
  // Since version 2 (PostgreSQL 17): which cluster it is a list of.
  'System-Identifier': z.union([z.number(), z.string()]).optional(),
  Files: z.array(
    z.object({
      Path: z.string().optional(),
      'Encoded-Path': z.string().optional(),
      Size: z.number(),
      'Checksum-Algorithm': z.literal('CRC32C'),
      Checksum: z.string(),
    }),
  ),
  'Manifest-Checksum': z.string(),
});

/**
 * Holds what arrived against the server's own list of what it sent: every file in its full size and with its checksum, none
 * missing, none more. Log segments (`pg_wal/…`) are not in the list: they carry checksums of their own, which replay verifies.
 * Throws `asset.vanished` when something did not arrive, `asset.corrupt` when it arrived as something else.
 */
export function compareWithManifest(manifest: Buffer, received: ReadonlyMap<string, Received>): void {
  const listed = new Map(parse(manifest).Files.map((file) => [pathOf(file), file]));
  for (const [path, file] of listed) {
    const got = received.get(path);
    if (got === undefined) throw missing(path, 'did not arrive');
    if (got.bytes !== file.Size) throw missing(path, `arrived with ${got.bytes} bytes instead of ${file.Size}`);
    if (got.checksum !== passedOver && got.checksum !== file.Checksum) {
      throw new LifeboatError('asset.corrupt', `${path} arrived as something else than the server sent`, {
        where: path,
        hint: 'The network or the memory of one of the two machines changes data. Try again, and test them if it comes back.',
      });
    }
  }
  for (const path of received.keys()) {
    if (listed.has(path) || path.startsWith('pg_wal/')) continue;
    throw new LifeboatError('asset.corrupt', `${path} arrived, but is not in the server's list of the backup`, {
      where: path,
    });
  }
}

const missing = (path: string, what: string): LifeboatError =>
  new LifeboatError('asset.vanished', `${path} is in the server's list of the backup but ${what}`, { where: path });

const pathOf = (file: { Path?: string | undefined; 'Encoded-Path'?: string | undefined }): string =>
  file.Path ?? Buffer.from(file['Encoded-Path'] ?? '', 'hex').toString('utf8');

function parse(manifest: Buffer): z.infer<typeof schema> {
  let parsed: z.infer<typeof schema>;
  try {
    parsed = schema.parse(JSON.parse(manifest.toString('utf8')));
  } catch (error) {
    throw new LifeboatError('asset.unsupported', 'the server sent a list of the backup that we cannot read', {
      cause: error,
    });
  }
  // The list's own checksum covers everything up to the line that holds it.
  const covered = manifest.subarray(0, manifest.lastIndexOf('\n"Manifest-Checksum"') + 1);
  const sum = createHash('sha256').update(covered).digest('hex');
  if (sum === parsed['Manifest-Checksum']) return parsed;
  throw new LifeboatError('asset.corrupt', "the server's list of the backup is not as the server wrote it");
}
