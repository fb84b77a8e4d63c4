import { mkdir, open, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Client } from 'pg';
import { formatBytes, LifeboatError, syncFolder, type Progress } from '../../../core/index.ts';
import { changedRows, namesOf, updateChanged, type Merge } from './compare.ts';
import { copyOut } from './flow.ts';
import type { Frame } from './guards.ts';
import { quoted, shownTable } from './names.ts';

const roomBytesExtra = 64 * 2 ** 20;

/**
 * Writes the rows that are about to be replaced, as a script for psql that puts them back under the same rules. It is on the disk for good when this
 * returns; how many rows it holds. Throws `restore.no_room`, `input.file`.
 */
export async function writeBeforeImage(
  client: Client,
  merges: readonly Merge[],
  frame: Frame,
  file: string,
  progress: Progress,
): Promise<number> {
  await mustHaveRoom(client, merges, file);
  const handle = await open(file, 'wx', 0o600);
  const write = (text: string | Buffer): Promise<void> => handle.writeFile(text);
  let rows = 0;
  try {
    await write(head(frame));
    for (const [number, merge] of merges.entries()) {
      await write(`\n-- ${shownTable(merge.table)}\n${stageOf(merge, number)};\n`);
      await write(`copy pg_temp.${nameOf(number)} (${namesOf(merge.columns)}) from stdin;\n`);
      const sql = `copy (select ${namesOf(merge.columns, 't.')} ${changedRows(merge)}) to stdout with (encoding 'UTF8')`;
      rows += await copyOut({ client, sql }, write, progress);
      await write(`\\.\n${updateChanged({ ...merge, stage: `pg_temp.${nameOf(number)}` }) ?? ''};\n`);
    }
    await write(`\n${frame.after.map((statement) => `${statement};\n`).join('')}commit;\n`);
    await handle.sync();
    await syncFolder(dirname(file));
    return rows;
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

const nameOf = (number: number): string => quoted(`lifeboat_before_${number}`);

const stageOf = ({ table, columns }: Merge, number: number): string =>
  `create temporary table ${nameOf(number)} on commit drop as select ${namesOf(columns)} from ${quoted(table.schema)}.${quoted(table.name)} with no data`;

const head = (frame: Frame): string =>
  [
    '-- Rows as they were before Lifeboat replaced them. To put them back: psql --file=THIS DATABASE',
    '\\set ON_ERROR_STOP on',
    "set client_encoding = 'UTF8';",
    "set datestyle = 'ISO'; set intervalstyle = 'postgres'; set timezone = 'UTC'; set search_path = '';",
    'begin;',
    ...frame.before.map((statement) => `${statement};`),
    '',
  ].join('\n');

/** All of the rows might be replaced: as text they take about what they take in the table. */
async function mustHaveRoom(client: Client, merges: readonly Merge[], file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  let bytes = roomBytesExtra;
  for (const merge of merges) {
    const { rows } = await client.query<{ bytes: string }>(
      `select coalesce(sum(pg_column_size(t.*)), 0)::bigint as bytes ${changedRows(merge)}`,
    );
    bytes += 2 * Number(rows[0]?.bytes);
  }
  const { bavail, bsize } = await statfs(dirname(file));
  if (bavail * bsize >= bytes) return;
  throw new LifeboatError(
    'restore.no_room',
    `what is replaced is kept in ${dirname(file)}, which has ${formatBytes(bavail * bsize)} free and may need ${formatBytes(bytes)}`,
    { hint: 'Name a file on a larger disk: --before-image FILE' },
  );
}
