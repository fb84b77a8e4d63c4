import { z } from 'zod';
import { calendars, duration, listOf, name, objectives, secretOrText, text } from './words.ts';

/** What every asset has, whatever its type. */

export const rank = z.enum(['critical', 'high', 'medium', 'low']);
/** One kind of file (or snapshot) that copies of an asset are kept in, and how it is made. */
const artifact = z
  .strictObject({
    file: text.optional().describe('The name, with the pattern of its date: orders-YYYY-MM-DD.sql.gz'),
    format: z
      .enum(['sql', 'custom', 'tar', 'directory', 'wal', 'sqlite', 'yaml', 'snapshot', 'image', 'files', 'other'])
      .optional(),
    compressed: z.enum(['gzip', 'zstd', 'none']).optional(),
    encrypted: z.union([z.boolean(), text]).optional(),
    secrets: z.enum(['plain', 'sealed', 'none']).optional().describe('Secrets inside, and how they lie there'),
    method: z
      .enum(['dump', 'base', 'copy', 'online', 'export', 'snapshot', 'log', 'sync', 'managed', 'commit', 'own'])
      .optional()
      .describe(
        'dump: logical; copy: files as they are; online: by the backup interface of the database; own: by Lifeboat',
      ),
    live: z.boolean().optional().describe('True: while the asset is in use'),
    every: calendars.optional().describe('When it is made, where that is said beside the policy'),
    optional: z.boolean().optional(),
    store: name.optional(),
    prefix: text.optional(),
    folder: text.optional(),
    keep: duration.optional(),
    document: name.optional().describe('The script or manifest that makes it'),
    command: text.optional().describe('The command that makes it, as it is written today'),
    inputs: listOf(text).optional().describe('Names of the settings that it reads'),
    covers: listOf(text).optional().describe('What is in it'),
  })
  .meta({ id: 'artifact' });

const standby = z.strictObject({
  name: text.optional().describe('What its provider calls it'),
  domain: name.optional(),
  lag: duration.optional(),
  url: secretOrText.optional().describe('Where it answers: postgresql://user@host:port/database'),
  folder: text.optional().describe('Where `lifeboat standby` keeps it, fed from a store alone'),
  about: text.optional(),
});

/** What every asset has beside the settings of its kind; its checks are read apart. */
export const assetCommon = {
  type: text,
  domain: name.optional(),
  policy: name.optional(),
  rank: rank.optional(),
  objectives: objectives.optional(),
  about: text.optional(),
  holds: listOf(text).optional().describe('What is in it, in words'),
  owner: name.optional(),
  artifacts: z.record(name, artifact).optional().describe('The files that its copies are kept in today'),
  standbys: z.record(name, standby).optional(),
  documents: listOf(name).optional(),
};

export const excludedAsset = z.strictObject({
  excluded: text.describe('Why it is left out on purpose'),
  domain: name.optional().describe('With what it is lost all the same'),
  provider: text.optional().describe('Who keeps it instead'),
  objectives: objectives.optional(),
  holds: listOf(text).optional(),
});
