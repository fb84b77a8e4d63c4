import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LifeboatError } from '../../../core/index.ts';
import type { ForkOptions } from '../../in-place.ts';
import { majorOf } from '../copy/apply.ts';
import { endingOnItsOwn } from '../copy/own-life.ts';
import { launchCopy } from '../copy/start.ts';
import { parseServerUrl } from '../link/address.ts';
import { withConnection } from '../link/connection.ts';
import { findPrograms } from '../server/index.ts';
import { forkFile, lookInPlace, settleTrial } from './look.ts';
import { finishCluster } from './rewrite.ts';

interface Forked {
  readonly timeline: number;
  readonly position: string;
}

/** See `InPlaceKeeping.fork`. The server recovers once more, apart from everything, and is ended again; killed meanwhile, the same again completes it. */
export async function forkCluster(target: string, url: string, options: ForkOptions): Promise<Forked> {
  const { path } = await lookInPlace(target);
  await settleTrial(path);
  const { timeline } = await lookInPlace(path);
  await writeFile(join(path, forkFile), '');
  const programs = await findPrograms(majorOf(options.facts));
  const slots = (await readdir(join(path, 'pg_replslot'))).length;
  let forked: Forked | undefined;
  try {
    const server = await launchCopy(
      path,
      url,
      { ...options, stay: false },
      {
        programs,
        byPassword: parseServerUrl(url).password !== '',
        confirm: async (at) => {
          forked = await askForked(at);
          return undefined;
        },
        recovery: {
          settings: () => ({
            ...endingOnItsOwn(timeline, options.timelinesTaken),
            // A server with slots does not start with less.
            wal_level: 'logical',
            max_replication_slots: String(Math.max(10, slots)),
          }),
        },
      },
    );
    await server.stop();
  } finally {
    // Where it did not come to its end the server recovers by itself, as after every stop.
    await rm(join(path, 'recovery.signal'), { force: true });
    await finishCluster(path);
  }
  if (forked !== undefined && forked.timeline > timeline) return forked;
  throw new LifeboatError(
    'asset.start_failed',
    `the server is on timeline ${forked?.timeline ?? timeline}, and one after ${timeline} was due`,
    { where: path },
  );
}

const askForked = (url: string): Promise<Forked | undefined> =>
  withConnection(url, async (client) => {
    const { rows } = await client.query<Forked>(
      'select timeline_id as timeline, pg_current_wal_lsn()::text as position from pg_control_checkpoint()',
    );
    return rows[0];
  });
