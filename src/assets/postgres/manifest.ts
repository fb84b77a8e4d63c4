import { z } from 'zod';
import { LifeboatError } from '../../core/index.ts';

const schema = z.object({
  'PostgreSQL-Backup-Manifest-Version': z.number(),
  Files: z.array(z.object({ Path: z.string().optional(), 'Encoded-Path': z.string().optional(), Size: z.number() })),
});

/**
 * Holds what arrived against the server's own list of what it sent: every file, and each in its full size.
 * `received` maps paths to bytes; log segments are not in the list. Throws `asset.vanished`.
 */
export function compareWithManifest(manifest: string, received: ReadonlyMap<string, number>): void {
  const listed = parse(manifest).Files.map((file) => ({
    path: file.Path ?? Buffer.from(file['Encoded-Path'] ?? '', 'hex').toString('utf8'),
    bytes: file.Size,
  }));
  for (const { path, bytes } of listed) {
    const got = received.get(path);
    if (got === bytes) continue;
    const what = got === undefined ? 'did not arrive' : `arrived with ${got} bytes instead of ${bytes}`;
    throw new LifeboatError('asset.vanished', `${path} is in the server's list of the backup but ${what}`, {
      where: path,
    });
  }
}

function parse(manifest: string): z.infer<typeof schema> {
  try {
    return schema.parse(JSON.parse(manifest));
  } catch (error) {
    throw new LifeboatError('asset.unsupported', 'the server sent a list of the backup that we cannot read', {
      cause: error,
    });
  }
}
