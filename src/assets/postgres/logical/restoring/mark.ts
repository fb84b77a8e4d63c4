import { createHash } from 'node:crypto';
import { chown, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LifeboatError, systemCodeOf, writeFileDurably } from '../../../../core/index.ts';
import { withConnection } from '../../link/connection.ts';

/** In the data folder: what a cluster was made from. A restored dump is a new cluster, so its own number tells nothing. */
const markName = 'lifeboat_dump.json';

interface Mark {
  readonly point: string;
  readonly systemId: string;
}

/** The last thing that a restore writes while the copy runs: without it a copy is not whole. `from` is plain JSON that names the point. */
export async function writeMark(dataFolder: string, from: unknown, url: string): Promise<void> {
  const mark: Mark = { point: hashOf(from), systemId: await systemIdOf(url) };
  const file = join(dataFolder, markName);
  await writeFileDurably(file, `${JSON.stringify(mark)}\n`, 0o600);
  // Made by root, it must belong to the server's user: a backup of the copy would fail on a file that its server cannot read.
  const { uid, gid } = await stat(dataFolder);
  if (process.getuid?.() === 0) await chown(file, uid, gid);
}

/** Throws `asset.foreign` for a folder that was not made from this dump, or whose server is another cluster. */
export async function mustBeMarked(dataFolder: string, from: unknown, url: string): Promise<void> {
  const mark = await readMark(dataFolder);
  const systemId = await systemIdOf(url);
  if (mark?.point === hashOf(from) && mark.systemId === systemId) return;
  throw new LifeboatError('asset.foreign', `${dataFolder} was not restored from this point`, {
    hint:
      mark === undefined ? 'It was not restored by Lifeboat, or not to its end.' : 'It was restored from another one.',
  });
}

async function readMark(dataFolder: string): Promise<Partial<Mark> | undefined> {
  try {
    return JSON.parse(await readFile(join(dataFolder, markName), 'utf8')) as Partial<Mark>;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const hashOf = (from: unknown): string => createHash('sha256').update(JSON.stringify(from)).digest('hex');

const systemIdOf = (url: string): Promise<string> =>
  withConnection(url, async (client) => {
    const { rows } = await client.query<{ id: string }>(
      'select system_identifier::text as id from pg_control_system()',
    );
    return String(rows[0]?.id);
  });
