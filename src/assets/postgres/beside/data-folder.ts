import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { messageOf, systemCodeOf } from '../../../core/index.ts';

/** The data directory of a server, as this machine sees it, and how its files are laid out. */
export interface DataFolder {
  readonly path: string;
  readonly logSegmentBytes: number;
}

/** Why its files cannot be read here: a sentence. */
export interface NotBeside {
  readonly because: string;
}

/**
 * Finds out whether the server's own files can be read from here. `slot` is a replication slot that was just made under a random
 * name: where its folder appears, there is this very server's data, and no copy of it, mount of another machine or namesake.
 */
export async function findDataFolder(client: Client, slot: string | undefined): Promise<DataFolder | NotBeside> {
  if (slot === undefined) return { because: 'the server has no free replication slot' };
  const asked = await ask(client);
  if ('because' in asked) return asked;
  for (const path of [join('pg_replslot', slot, 'state'), join('global', 'pg_control'), 'base', 'pg_wal']) {
    const place = join(asked.path, path);
    try {
      await access(place, constants.R_OK);
    } catch (error) {
      const gone = systemCodeOf(error) === 'ENOENT';
      return {
        because: gone ? `${asked.path} is not on this machine` : `${place} cannot be read: ${messageOf(error)}`,
      };
    }
  }
  return asked;
}

async function ask(client: Client): Promise<DataFolder | NotBeside> {
  const { rows } = await client.query<{
    path: string | null;
    block: string;
    segment: string;
    log: string;
    may: boolean;
  }>(
    `select (select setting from pg_settings where name = 'data_directory') as path,
            (select setting from pg_settings where name = 'wal_segment_size') as log,
            has_function_privilege('pg_backup_start(text, boolean)', 'execute')
              and has_function_privilege('pg_backup_stop(boolean)', 'execute') as may`,
  );
  const row = rows[0];
  if (row === undefined || row.path === null || !row.may) {
    return { because: 'the user may not use pg_backup_start and pg_backup_stop, or read where the data directory is' };
  }
  return {
    path: row.path,
    logSegmentBytes: Number(row.log),
  };
}
