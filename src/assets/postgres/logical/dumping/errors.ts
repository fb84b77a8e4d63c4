import { LifeboatError, type ErrorCode, type ProcessResult } from '../../../../core/index.ts';
import { serverError } from '../../link/connection.ts';

/** What pg_dump or pg_dumpall said when it failed, in our words. */
export function dumpError(
  program: string,
  database: string,
  { exitCode, signal, stderr }: ProcessResult,
): LifeboatError {
  const said = essenceOf(stderr);
  const how = exitCode === null ? `was ended by ${signal}` : `ended with exit code ${exitCode}`;
  const message = `${program} of the database ${database} ${how}${said === '' ? '' : `: ${said}`}`;
  const known = knownFailures.find(({ says }) => says.test(stderr));
  if (known !== undefined)
    return new LifeboatError(known.code, message, known.hint === undefined ? {} : { hint: known.hint });
  // The server’s own words mean the same from a program as over a connection of ours.
  const { code, hint } = serverError(new Error(said));
  const as = code === 'asset.unreachable' && hint === undefined ? 'process.failed' : code;
  return new LifeboatError(as, message, hint === undefined ? {} : { hint });
}

const knownFailures: readonly { says: RegExp; code: ErrorCode; hint?: string }[] = [
  {
    says: /server closed the connection unexpectedly|terminating connection|connection to server was lost|no connection to the server/,
    code: 'asset.vanished',
    hint: 'Is the server running? The next backup starts again.',
  },
  {
    says: /would be affected by row-level security/,
    code: 'asset.denied',
    hint: 'Row security would hide rows from this user, and a dump without them is none: ALTER ROLE … BYPASSRLS, or use the owner of the tables.',
  },
  {
    says: /permission denied|must be owner|must be superuser/,
    code: 'asset.denied',
    hint: 'A dump leaves nothing out, so its user must be able to read everything: GRANT pg_read_all_data TO it, or name the databases it may read under "databases".',
  },
  {
    says: /lock timeout|could not obtain lock|does not exist|could not open relation/,
    code: 'asset.changing',
    hint: 'Something was being altered or dropped while it was dumped. The next backup starts again.',
  },
  {
    says: /server version mismatch/,
    code: 'asset.tool_missing',
    hint: 'Install the client programs of the server’s version.',
  },
  {
    says: /no password supplied|password authentication failed/,
    code: 'asset.denied',
    hint: 'Check the user and password in the url of the asset.',
  },
];

/** The first lines that say what is wrong, without the name of the program and without the statement, which may be pages long. */
const essenceOf = (stderr: string): string =>
  stderr
    .split('\n')
    .map((line) => line.replace(/^pg_(dump|dumpall|restore): (error: )?/, '').trim())
    .filter((line) => line !== '' && !/^(detail: Query was|Command was|query was)/i.test(line))
    .slice(0, 4)
    .join(' | ')
    .slice(0, 1_000);
