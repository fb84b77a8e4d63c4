import { chown, lstat, mkdtemp, readdir, readlink, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, LifeboatError, mustSucceed } from '../../../core/index.ts';
import type { ApplyOptions } from '../../asset.ts';
import type { KeptCluster } from '../../outside.ts';
import { withConnection } from '../link/connection.ts';
import { lsnValue } from '../base/end-of-backup.ts';
import { writeMark } from '../logical/index.ts';
import {
  findPrograms,
  makeServerFolder,
  mustBePassable,
  serverUser,
  startServer,
  type ServerUser,
} from '../server/index.ts';
import { copySettings, stripStaleSettings } from '../copy/settings.ts';
import { writeConfiguration } from '../copy/start.ts';
import { writeWay } from './start.ts';

/**
 * A data directory from the tool that keeps it, recovered once to the end of its backup, with the log fetched by that tool, and stopped:
 * what is left needs the tool no more. Its tablespaces come into its own folder, never to where the source has them.
 *
 * Throws `asset.tool_missing`, `asset.start_failed`, `asset.foreign`, `process.failed`.
 */
export async function buildFromCluster(
  content: KeptCluster,
  superuser: string,
  staging: string,
  options: ApplyOptions,
): Promise<void> {
  const { recovery } = content;
  const programs = await findPrograms(recovery.major);
  const user = await serverUser();
  await mustBePassable(staging, user);
  await makeServerFolder(staging, user);
  const spaces = `${staging}.tablespaces`;
  const socketFolder = await mkdtemp(join(tmpdir(), 'lb-'));
  try {
    if (user !== undefined) await chown(socketFolder, user.uid, user.gid);
    await makeServerFolder(spaces, user);
    options.progress.phase(`${content.id}: fetching`);
    await content.write(staging, spaces);
    await takeIn(join(staging, 'pg_tblspc'));
    await rm(join(staging, 'tablespace_map'), { force: true });
    if (user !== undefined) await giveTo(user, staging);
    options.progress.phase(`${content.id}: recovering`);
    const port = await freePort();
    const files = await writeConfiguration(staging, user);
    const url = `postgresql://${encodeURIComponent(superuser)}@localhost/postgres?host=${encodeURIComponent(socketFolder)}&port=${port}`;
    const server = await startServer({
      programs,
      user,
      dataFolder: staging,
      settings: {
        ...(await copySettings({}, programs, { ...files, socketFolder, listens: false, port })),
        restore_command: recovery.restoreCommand(staging),
        // While it recovers nobody looks: so it needs no more connections and locks than this, whatever the source had.
        hot_standby: 'off',
      },
      logFile: join(staging, 'lifeboat.log'),
      url,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    try {
      await mustHaveArrived(url, recovery);
      await writeWay(staging, { superuser });
      await writeMark(staging, { outside: content.id }, url);
    } finally {
      await server.stop();
    }
    await stripStaleSettings(staging);
  } finally {
    await rm(socketFolder, { recursive: true, force: true });
    await rm(spaces, { recursive: true, force: true });
  }
}

/** Tablespaces as plain folders inside: the copy can be moved and leads nowhere else. */
async function takeIn(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (!(await lstat(path)).isSymbolicLink()) continue;
    const place = await readlink(path);
    await rm(path);
    await rename(place, path);
  }
}

const giveTo = (user: ServerUser, folder: string): Promise<unknown> =>
  mustSucceed(['chown', '-R', '--no-dereference', `${user.uid}:${user.gid}`, folder]);

async function mustHaveArrived(url: string, { systemId, endLsn }: KeptCluster['recovery']): Promise<void> {
  const found = await withConnection(url, async (client) => {
    const { rows } = await client.query<{ system: string; lsn: string; recovering: boolean }>(
      `select system_identifier::text as system, pg_current_wal_lsn()::text as lsn, pg_is_in_recovery() as recovering
       from pg_control_system()`,
    );
    return rows[0];
  });
  if (found === undefined || found.recovering)
    throw new LifeboatError('asset.start_failed', 'the restored server does not say where it is');
  if (found.system !== systemId)
    throw new LifeboatError(
      'asset.foreign',
      `the restored server is cluster ${found.system}, the backup is of ${systemId}`,
    );
  if (lsnValue(found.lsn) < lsnValue(endLsn))
    throw new LifeboatError(
      'asset.start_failed',
      `the restored server reached ${found.lsn}, but its backup ends at ${endLsn}`,
    );
}
