import { readArguments } from '../shell/arguments.ts';
import { list, mapping, scalar } from '../write/node.ts';
import type { Hear, Heard } from './act.ts';
import { oneLine } from './kubectl.ts';

/** `systemctl stop postgresql` */
export const hearSystemctl: Hear = (heard) => {
  const [verb = '', unit] = readArguments(heard.words, ['--now', '--no-block']).words;
  if (unit === undefined) return undefined;
  if (verb === 'status' || verb === 'is-active')
    return { kind: 'look', settings: scalar(oneLine(heard.statement.raw)) };
  if (verb !== 'stop' && verb !== 'start' && verb !== 'restart') return undefined;
  const isDatabase = /^postgres(ql)?(@.*|-\d+)?(\.service)?$/.test(unit);
  const who = isDatabase ? heard.world.postgres(heard.line) : heard.world.service(unit, heard.line);
  const key = verb === 'stop' ? 'stops' : verb === 'start' ? 'starts' : undefined;
  return {
    kind: verb,
    settings: isDatabase ? mapping({ asset: scalar(who) }) : scalar(who),
    ...(key === undefined ? {} : { beside: { [key]: list([scalar(who)]) } }),
  };
};

/** `curl …/health`: a check of what answers there. */
export const hearCurl: Hear = (heard) => {
  const given = readArguments(heard.words, [
    '-f',
    '-s',
    '-S',
    '-L',
    '-k',
    '-v',
    '-i',
    '-I',
    '-fsS',
    '-sf',
    '-fs',
    '-sS',
    '-fsSL',
    '--fail',
    '--silent',
    '--location',
    '--insecure',
  ]);
  const url = given.words.find((word) => /^https?:\/\//.test(word)) ?? given.words[0];
  const method = given.flag('-X', '--request');
  if (
    url === undefined ||
    (method !== undefined && method !== 'GET') ||
    given.has('-d', '--data', '-F', '-o', '-O', '--data-raw')
  )
    return undefined;
  if (/[$<`\s]/.test(url) || !/^https?:\/\//.test(url))
    return { kind: 'look', settings: scalar(oneLine(heard.statement.raw)) };
  return { kind: 'check', settings: mapping({ http: scalar(url) }) };
};

/** `cp DATA DATA.backup` keeps what is there; `gunzip -c COPY > DATA` brings a copy back. */
export const hearCopy: Hear = (heard) => {
  const [from, to] = readArguments(heard.words, ['-r', '-R', '-a', '-p', '-v', '-rp', '-av', '-f']).words;
  if (from === undefined || to === undefined) return undefined;
  const asset = assetAt(heard, from);
  if (asset !== undefined) return { kind: 'preserve', settings: mapping({ asset: scalar(asset), as: scalar(to) }) };
  const target = assetAt(heard, to);
  return target === undefined ? undefined : restoredFrom(target, from);
};

export const hearUnpack: Hear = (heard) => {
  const given = readArguments(heard.words, ['-c', '-d', '-k', '-f', '-dc', '-v', '-t', '--stdout', '--decompress']);
  const from = given.words[0];
  const to = heard.statement.commands.flatMap(({ writes }) => writes)[0];
  if (given.has('-t')) return { kind: 'look', settings: scalar(oneLine(heard.statement.raw)) };
  const asset = to === undefined ? undefined : assetAt(heard, to);
  return asset === undefined || from === undefined ? undefined : restoredFrom(asset, from);
};

/** A script of the document's own: what it does stands in the script, so only its name and the words around it are known. */
export const hearScript: Hear = (heard) => {
  const { program, words, world, line, statement } = heard;
  const called = statement.commands[0]?.words.find((word) => word.endsWith(program)) ?? program;
  const document = world.document(called, 'script', line);
  const beside = { uses: list([scalar(document)]) };
  const text = `${program} ${words.join(' ')}`;
  if (/--(list|status|check|dry-run|help)\b/.test(text) || /health|verify|status/.test(program))
    return { kind: 'look', settings: scalar(oneLine(statement.raw)), beside };
  if (/restore/i.test(program)) return { kind: 'restore', settings: scalar(world.database(line)), beside };
  return undefined;
};

const restoredFrom = (asset: string, file: string): ReturnType<Hear> => ({
  kind: 'restore',
  settings: scalar(asset),
  beside: { takes: list([scalar(`file:${file}`)]) },
});

/** The asset whose files these are: a SQLite file, or the folder of PostgreSQL. */
function assetAt({ world, line }: Heard, path: string): string | undefined {
  if (/\/postgres(ql)?(\/|$)|\bpgdata\b/i.test(path)) return world.postgres(line);
  const known = world.find(`sqlite:${path}`);
  if (known !== undefined) return known;
  return /^\/?[\w./-]+\.(db|sqlite3?)$/.test(path) && !/backup/i.test(path) ? world.sqlite(path, line) : undefined;
}
