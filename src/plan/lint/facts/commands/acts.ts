import { flag, has, plainWords, type Act } from './act.ts';
import { aws, eksctl, terraform } from './clouds.ts';
import { createdb, dropdb, pgDump, pgRestore, psql, some, sqlite3 } from './databases.ts';
import { helm, kubectl } from './kubernetes.ts';
import { commandsIn, withoutWrappers, type Command } from './shell.ts';

/** What the commands of a text do, in order, for those that are known; a program that is not known does nothing that rules judge. */
export function actsOfText(text: string): Act[] {
  return commandsIn(text).flatMap(actsOfCommand);
}

/** The same for a program and its arguments. */
export function actsOfArguments(words: readonly string[]): Act[] {
  const [program, ...rest] = withoutWrappers(words);
  if (program === undefined) return [];
  if (/^(ba|da|z)?sh$/.test(base(program))) {
    const script = flag(rest, '-c', '-ec', '-lc', '-euc');
    return script === undefined ? [] : actsOfText(script);
  }
  return actsOfCommand({ program, words: rest, input: undefined, output: undefined, before: undefined });
}

const known: Readonly<Record<string, (command: Command) => Act[]>> = {
  kubectl,
  helm,
  aws,
  eksctl,
  terraform,
  tofu: terraform,
  pg_dump: pgDump,
  pg_restore: pgRestore,
  psql,
  createdb,
  dropdb,
  sqlite3,
  systemctl,
  service: systemctl,
  curl: health,
  wget: health,
  gzip: packed,
  cp: copied,
  rsync: copied,
  tar: packed,
  gunzip: unpacked,
  zcat: unpacked,
};

function actsOfCommand(command: Command): Act[] {
  const inner = command.words.indexOf('--');
  const isExec = base(command.program) === 'kubectl' && command.words[0] === 'exec' && inner !== -1;
  if (isExec) return actsOfArguments(command.words.slice(inner + 1));
  const acts = known[base(command.program)]?.(command) ?? [];
  const tool = /\.(sh|ps1|py|rb)$/.test(command.program) ? command.program : undefined;
  return tool === undefined ? acts : [...acts, { kind: 'uses', what: 'tool', file: tool, command }];
}

const base = (program: string): string => program.split('/').at(-1) ?? program;

function systemctl(command: Command): Act[] {
  const words = plainWords(command.words);
  const verb = words.find((word) => /^(stop|start|restart|disable)$/.test(word));
  const unit = words.find((word) => word !== verb)?.replace(/\.service$/, '');
  if (verb === undefined || unit === undefined) return [];
  return [{ kind: verb === 'stop' || verb === 'disable' ? 'stops' : 'starts', what: `service:${unit}`, command }];
}

function health(command: Command): Act[] {
  const url = plainWords(command.words, ['-o', '-X', '-H', '-d', '--data']).at(-1);
  return url === undefined || has(command.words, '-X', '-d', '--data')
    ? []
    : [{ kind: 'checks', what: 'http', command, ...some({ detail: url }) }];
}

/** `gzip -c SOURCE > TARGET`, `tar czf TARGET SOURCE` */
function packed(command: Command): Act[] {
  if (command.before !== undefined || has(command.words, '-t', '-d')) return [];
  const words = plainWords(command.words);
  const source = base(command.program) === 'tar' ? words.at(-1) : words[0];
  return source === undefined
    ? []
    : [{ kind: 'copies', what: 'file', file: source, command, ...some({ detail: command.output }) }];
}

function copied(command: Command): Act[] {
  const [source, target] = plainWords(command.words);
  return source === undefined || target === undefined
    ? []
    : [{ kind: 'copies', what: 'file', file: source, detail: target, command }];
}

function unpacked(command: Command): Act[] {
  const source = plainWords(command.words)[0];
  return source === undefined
    ? []
    : [{ kind: 'unpacks', what: 'file', file: source, command, ...some({ detail: command.output }) }];
}
