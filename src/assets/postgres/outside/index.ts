import { z } from 'zod';
import { LifeboatError } from '../../../core/index.ts';
import type { FormKind } from '../../outside.ts';
import type { Measure } from '../copy/check.ts';
import { buildFromCluster } from './cluster.ts';
import { buildFromDump } from './dump.ts';
import { readDump } from './dump-stream.ts';
import { startOutside } from './start.ts';

/** Copies of a PostgreSQL that others make: dumps of pg_dump or pg_dumpall, and backups of pgBackRest. */
export const postgresForm: FormKind<{ url: string; measure?: Measure | undefined }> = {
  type: 'postgres',
  settings: {
    database: z
      .string()
      .regex(/^[^\0/]{1,63}$/)
      .optional()
      .describe(
        'Which database checks ask and people are given. A dump of one database is restored into it; postgres unless stated.',
      ),
    user: z
      .string()
      .min(1)
      .optional()
      .describe('The superuser of a server that pgBackRest keeps; postgres unless stated.'),
    measure: z
      .strictObject({ newest: z.string().optional(), rows: z.string().optional() })
      .optional()
      .describe('Queries for the time of the newest row and the number of rows, as for an asset of type postgres.'),
  },
  // Nobody asks this address: it stands where an asset that has a source has its own.
  assetSettings: (settings) => ({
    url: 'postgresql://nobody@localhost/kept_by_others',
    measure: (settings as Settings).measure,
  }),
  open: (name, settings) => {
    const { database = 'postgres', user = 'postgres' } = settings as Settings;
    return {
      start: (path, options) => startOutside(path, database, options),
      read: (content, options) => readDump(content, options?.signal),
      build: (content, staging, options) => {
        if (content.kind === 'cluster') return buildFromCluster(content, user, staging, options);
        if (content.kind === 'stream') return buildFromDump(content, database, staging, options);
        throw new LifeboatError('asset.foreign', `${name}: a tree of files is no copy of a PostgreSQL server`, {
          hint: 'Name the dump in it as the path of the copies.',
        });
      },
    };
  },
};

interface Settings {
  readonly database?: string;
  readonly user?: string;
  readonly measure?: Measure;
}
