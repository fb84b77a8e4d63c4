import { join } from 'node:path';
import { LifeboatError, limits, streamProcess } from '../../../../core/index.ts';
import { stopIfAsked } from '../../../stop.ts';
import { clientEnvironment } from '../environment.ts';
import { dumpError } from './errors.ts';
import type { ClientPrograms } from '../programs.ts';

/**
 * Roles, memberships, their settings, tablespaces and grants on parameters, as SQL. With the passwords of the roles where the user
 * may read them: hashed, and sealed in the point like everything else.
 */
export async function dumpGlobals(
  clients: ClientPrograms,
  url: string,
  database: string,
  options: { readonly rolePasswords: boolean; readonly signal: AbortSignal | undefined },
): Promise<Buffer> {
  const dump = await streamProcess(
    [
      join(clients.folder, 'pg_dumpall'),
      '--globals-only',
      '--quote-all-identifiers',
      '--no-password',
      '--encoding=UTF8',
      `--database=${database}`,
      `--lock-wait-timeout=${limits.dumpLockWaitMs}`,
      ...(options.rolePasswords ? [] : ['--no-role-passwords']),
    ],
    { env: clientEnvironment(url, database, 'lifeboat pg_dumpall') },
  );
  const onAbort = (): void => void dump.stop().catch(() => {}); // said again below
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of dump.output) {
      bytes += piece.length;
      if (bytes > limits.globalsBytesMax)
        throw new LifeboatError('limit.exceeded', 'the roles of the server are more than can be kept');
      pieces.push(piece);
    }
    const end = await dump.ended;
    stopIfAsked(options.signal, 'the backup');
    if (end.exitCode !== 0 || end.stderr.trim() !== '') throw dumpError('pg_dumpall', database, end);
    return mustBeWhole(Buffer.concat(pieces));
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
    await dump.stop();
  }
}

/** Its last line says so; a text that was cut off would be a shorter one. */
function mustBeWhole(globals: Buffer): Buffer {
  if (globals.subarray(-200).toString('latin1').includes('-- PostgreSQL database cluster dump complete'))
    return globals;
  throw new LifeboatError('asset.corrupt', 'the dump of the roles is not whole: its last line is missing', {
    hint: 'Take a new point.',
  });
}

/**
 * The globals as a new cluster takes them: without the role that it was born with, and with tablespaces inside its own folder
 * instead of where the source has them. Worked on byte by byte, for a name may be in any encoding.
 */
export function globalsForCopy(globals: Buffer, superuser: string): Buffer {
  const text = globals.toString('latin1');
  const birth = Buffer.from(`\nCREATE ROLE "${superuser.replaceAll('"', '""')}";\n`).toString('latin1');
  const at = text.indexOf(birth);
  if (at < 0) throw new LifeboatError('asset.foreign', `the dumped roles do not hold the first superuser ${superuser}`);
  const others = text.slice(0, at) + '\n' + text.slice(at + birth.length);
  // A location holds no quote: the server refuses such a folder.
  return Buffer.from(others.replaceAll(/^(CREATE TABLESPACE .* LOCATION ) ?E?'[^'\n]*';$/gm, `$1'';`), 'latin1');
}
