import { readArguments } from '../shell/arguments.ts';
import { list, mapping, scalar, texts } from '../write/node.ts';
import type { Act, Hear, Heard } from './act.ts';
import { oneLine } from './kubectl.ts';

const dumpSwitches = [
  '-a',
  '--data-only',
  '-s',
  '--schema-only',
  '-c',
  '--clean',
  '-C',
  '--create',
  '-v',
  '-Fc',
  '-Ft',
  '-Fd',
  '-Fp',
  '-w',
  '-W',
  '-O',
  '--no-owner',
  '-x',
];

/** `pg_dump … > FILE`: a step that takes rows out, to bring them in elsewhere. */
export const hearPgDump: Hear = (heard) => {
  const given = readArguments(heard.words, dumpSwitches);
  const from = given.flag('-d', '--dbname') ?? given.words[0];
  const file = given.flag('-f', '--file') ?? heard.statement.commands.flatMap(({ writes }) => writes)[0];
  if (file !== undefined) heard.world.exported.add(file);
  return {
    kind: 'export',
    settings: mapping({
      asset: scalar(heard.world.postgres(heard.line)),
      tables: texts(given.flags('-t', '--table')),
      ...(given.has('-a', '--data-only') ? { dataOnly: scalar(true) } : {}),
      ...(from === undefined ? {} : { from: scalar(from) }),
      ...(file === undefined ? {} : { to: scalar(file) }),
    }),
  };
};

/** `pg_restore …`: brings a copy back. Whether that program reads that file is for the linter to say. */
export const hearPgRestore: Hear = (heard) => {
  const given = readArguments(heard.words, [
    '-c',
    '--clean',
    '-C',
    '--create',
    '-v',
    '-a',
    '--data-only',
    '-1',
    '--if-exists',
    '-O',
    '--no-owner',
    '-e',
  ]);
  return restored(heard, given.flag('-d', '--dbname'), given.words[0] ?? heard.command.reads[0]);
};

const psqlSwitches = ['-t', '-A', '-q', '-w', '-W', '-x', '-1', '-tA', '-At', '-X', '-l', '--single-transaction'];

/** `psql -c "select …"` asks or acts; `psql < FILE` and `… | psql` bring data in. */
export const hearPsql: Hear = (heard) => {
  const given = readArguments(heard.words, psqlSwitches);
  const query = given.flags('-c', '--command').join('\n').trim();
  const database = given.flag('-d', '--dbname') ?? given.words[0];
  const file = given.flag('-f', '--file') ?? heard.command.reads[0];
  const piped = heard.statement.commands.length > 1 && heard.statement.commands.at(-1) === heard.command;
  if (query === '') {
    if (file === undefined && !piped) return undefined;
    const partial = file !== undefined && heard.world.exported.has(file);
    return partial ? imported(heard, file) : restored(heard, database, file ?? piecesOf(heard));
  }
  if (/\balter\s+database\b[^;]*\brename\b/i.test(query)) return renamed(heard, query);
  if (!onlyReads(query)) return undefined;
  return {
    kind: 'look',
    settings: mapping({
      at: scalar(oneLine(query)),
      ...(database === undefined ? {} : { for: scalar(`the database ${database}`) }),
    }),
  };
};

export const hearCreateDatabase: Hear = (heard) => {
  const name = readArguments(heard.words, ['-e', '-w', '-W']).words[0];
  if (name === undefined) return undefined;
  return {
    kind: 'provision',
    settings: mapping({ what: scalar(`database ${name}`), by: scalar('sql') }),
    beside: { makes: list([scalar(`database:${name}`)]) },
  };
};

export const hearDropDatabase: Hear = (heard) => {
  const name = readArguments(heard.words, ['-e', '-f', '--force', '--if-exists', '-i', '-w', '-W']).words[0];
  return name === undefined
    ? undefined
    : { kind: 'remove', settings: scalar(`database:${name}`), beside: { destructive: scalar(true) } };
};

/** `sqlite3 FILE "PRAGMA integrity_check;"` */
export const hearSqlite: Hear = (heard) => {
  const [file, query = ''] = readArguments(heard.words, ['-readonly', '-header', '-csv', '-json']).words;
  if (file === undefined) return undefined;
  const asset = heard.world.sqlite(file, heard.line);
  if (/^\s*\.(backup|dump|clone)|\bvacuum\s+into\b/i.test(query)) return undefined;
  if (/^\s*\.restore/i.test(query)) return { kind: 'restore', settings: scalar(asset) };
  return {
    kind: 'look',
    settings: mapping({ at: scalar(oneLine(query) || file), for: scalar(`the database ${file}`) }),
  };
};

function restored(heard: Heard, database: string | undefined, file: string | undefined): Act {
  const asset = heard.world.postgres(heard.line);
  return {
    kind: 'restore',
    settings: scalar(asset),
    beside: {
      ...(file === undefined ? {} : { takes: list([scalar(`file:${file}`)]) }),
      ...(database === undefined || database === '' ? {} : { makes: list([scalar(`database:${database}`)]) }),
    },
  };
}

function imported(heard: Heard, file: string | undefined): Act {
  return {
    kind: 'import',
    settings: mapping({
      asset: scalar(heard.world.postgres(heard.line)),
      ...(file === undefined ? {} : { from: scalar(file) }),
    }),
  };
}

/** The name that a service connects to is given to another database. */
function renamed(heard: Heard, query: string): Act {
  const names = [...query.matchAll(/alter\s+database\s+"?([\w-]+)"?\s+rename\s+to\s+"?([\w-]+)"?/gi)];
  const [, , to = 'the new name'] = names.at(-1) ?? [];
  const service = heard.world.anyService(heard.line);
  heard.world.pointer(service, 'database_name', mapping({ database: scalar(to) }, heard.line));
  return {
    kind: 'switch',
    settings: mapping({
      service: scalar(service),
      pointer: scalar('database_name'),
      value: scalar(names.at(-1)?.[1] ?? to),
      how: scalar('rename'),
    }),
    beside: { destructive: scalar(true) },
  };
}

/** The file that the pipe in front of it reads. */
const piecesOf = ({ statement }: Heard): string | undefined =>
  statement.commands[0]?.words.slice(1).find((word) => !word.startsWith('-')) ?? statement.commands[0]?.reads[0];

const onlyReads = (query: string): boolean =>
  query.split(';').every((part) => /^\s*(select|show|explain|with|pragma|values|table|\\|$)/i.test(part)) &&
  !/\b(insert|update|delete|drop|alter|create|truncate|grant|revoke|pg_terminate_backend|pg_promote)\b/i.test(query);
