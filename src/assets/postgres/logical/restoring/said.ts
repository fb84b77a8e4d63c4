import { LifeboatError, type ProcessResult } from '../../../../core/index.ts';

/**
 * What the server may say while a dump is restored and what is no fault of the copy, each with the reason. Everything else that
 * pg_restore says is an error: it calls a restore that ignored errors finished.
 */
const harmless: readonly { says: RegExp; because: string }[] = [
  {
    says: /^WARNING: +(wal_level is insufficient to publish logical changes|logical decoding must be enabled to publish logical changes)$/,
    because: 'CREATE PUBLICATION works; the copy publishes nothing, because it is kept apart',
  },
  {
    says: /^HINT: +(Set "?wal_level"? to|Before creating subscriptions, set)/,
    because: 'belongs to the warning above',
  },
  {
    says: /^WARNING: +(tables were not subscribed|subscription was created, but is not connected)/,
    because: 'CREATE SUBSCRIPTION … WITH (connect = false) works; a copy must not follow what its source follows',
  },
  {
    says: /^HINT: +(To initiate replication|You will have to run ALTER SUBSCRIPTION)/,
    because: 'belongs to the warning above',
  },
];

/** Throws `restore.check_failed` with what pg_restore said, if it failed or said anything that is not known to be harmless. */
export function mustBeSilent({ exitCode, signal, stderr }: ProcessResult, database: string): void {
  const lines = stderr
    .split('\n')
    .filter((line) => line.trim() !== '' && !harmless.some(({ says }) => says.test(line)));
  if (exitCode === 0 && lines.length === 0) return;
  const how =
    exitCode === 0 ? 'warned' : exitCode === null ? `was ended by ${signal}` : `ended with exit code ${exitCode}`;
  throw new LifeboatError('restore.check_failed', `pg_restore of the database ${database} ${how}: ${shown(lines)}`, {
    hint: 'The statement tells what the source has and this machine has not.',
  });
}

/** From the first error on: what came before was the way to it. */
function shown(lines: readonly string[]): string {
  const first = lines.findIndex((line) => /error:|ERROR:|WARNING:/.test(line));
  return lines
    .slice(Math.max(0, first), Math.max(0, first) + 8)
    .map((line) => line.trim())
    .join(' | ')
    .slice(0, 2_000);
}

/** What psql said, with the statement that it means; the hash of a password is not shown. */
export function shownStatements(stderr: string, sql: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const number = Number(/^psql:<stdin>:(\d+):/.exec(lines[0] ?? '')?.[1]);
  const statement = sql.split('\n')[number - 1];
  return [...lines.slice(0, 4), ...(statement === undefined ? [] : [`statement: ${statement}`])]
    .map((line) => line.replaceAll(/PASSWORD E?'[^']*'/g, "PASSWORD '…'"))
    .join(' | ')
    .slice(0, 2_000);
}
