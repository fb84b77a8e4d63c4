import { flag, has, plainWords, type Act, type Format } from './act.ts';
import type { Command } from './shell.ts';

const valued = [
  '-h',
  '-U',
  '-d',
  '-p',
  '-f',
  '-c',
  '-t',
  '-n',
  '-j',
  '-F',
  '--host',
  '--username',
  '--dbname',
  '--port',
  '--file',
  '--table',
  '--jobs',
  '--format',
];

export function pgDump(command: Command): Act[] {
  const { words } = command;
  const chosen = flag(words, '-F', '--format') ?? words.find((word) => /^-F[cdtp]$/.test(word))?.slice(2) ?? 'p';
  const formats: Record<string, Format> = {
    c: 'custom',
    custom: 'custom',
    d: 'directory',
    directory: 'directory',
    t: 'tar',
    tar: 'tar',
  };
  const file = flag(words, '-f', '--file') ?? command.output;
  const only = has(words, '--data-only', '-a') ? 'data-only' : undefined;
  const name = flag(words, '-d', '--dbname') ?? plainWords(words, valued)[0] ?? '*';
  return [
    {
      kind: 'dumps',
      what: `database:${name}`,
      format: formats[chosen] ?? 'sql',
      command,
      ...some({ file, detail: only }),
    },
  ];
}

export function pgRestore(command: Command): Act[] {
  const { words } = command;
  const file = command.input ?? plainWords(words, valued)[0] ?? command.before?.output;
  const name = flag(words, '-d', '--dbname') ?? '*';
  const merging = has(words, '--data-only', '-a') ? 'data-only' : undefined;
  return [
    { kind: 'needs', what: 'service:postgresql', command },
    { kind: 'imports', what: `database:${name}`, format: 'custom', command, ...some({ file, detail: merging }) },
  ];
}

export function psql(command: Command): Act[] {
  const { words } = command;
  const sql = (flag(words, '-c', '--command') ?? '').replaceAll(/\s+/g, ' ');
  const name = flag(words, '-d', '--dbname') ?? plainWords(words, valued)[0] ?? '*';
  const file = command.input ?? flag(words, '-f', '--file');
  const acts: Act[] = [{ kind: 'needs', what: 'service:postgresql', command }];
  const piped = command.before !== undefined && /^(gunzip|zcat|gzip|cat|zstd)$/.test(command.before.program);
  if (file !== undefined || piped) {
    const from = file ?? plainWords(command.before?.words ?? []).at(-1);
    acts.push({ kind: 'imports', what: `database:${name}`, format: 'sql', command, ...some({ file: from }) });
  }
  return [...acts, ...statements(command, sql, name)];
}

/** What SQL does to databases, as far as one line shows. */
function statements(command: Command, sql: string, name: string): Act[] {
  const acts: Act[] = [];
  for (const [, from, to] of sql.matchAll(/alter\s+database\s+"?(\w+)"?\s+rename\s+to\s+"?(\w+)"?/gi)) {
    acts.push({ kind: 'destroys', what: `database:${from ?? ''}`, detail: `renamed to ${to ?? ''}`, command });
  }
  for (const [, , dropped] of sql.matchAll(
    /\b(drop|truncate)\s+(?:database|table|schema)?\s*(?:if\s+exists\s+)?"?(\w+)"?/gi,
  )) {
    acts.push({
      kind: 'destroys',
      what: `database:${name === '*' ? (dropped ?? '') : name}`,
      detail: 'dropped',
      command,
    });
  }
  if (/^\s*select\b/i.test(sql)) acts.push({ kind: 'checks', what: `database:${name}`, command });
  if (/pg_promote/i.test(sql)) acts.push({ kind: 'promotes', what: `database:${name}`, command });
  return acts;
}

export const createdb = (command: Command): Act[] => [
  { kind: 'makes', what: `database:${plainWords(command.words, valued).at(-1) ?? '*'}`, command },
];

export const dropdb = (command: Command): Act[] => [
  { kind: 'destroys', what: `database:${plainWords(command.words, valued).at(-1) ?? '*'}`, detail: 'dropped', command },
];

export function sqlite3(command: Command): Act[] {
  const [file, sql = ''] = plainWords(command.words);
  if (/integrity_check|quick_check|foreign_key_check|^\s*select/i.test(sql))
    return [{ kind: 'checks', what: `database:${file ?? '*'}`, command }];
  if (/\.backup|vacuum\s+into/i.test(sql))
    return [{ kind: 'dumps', what: `database:${file ?? '*'}`, format: 'unknown', command }];
  return [];
}

/** Only what is there. */
export function some<T extends Record<string, unknown>>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
