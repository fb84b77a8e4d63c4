import { readArguments } from '../shell/arguments.ts';
import { list, mapping, scalar, texts } from '../write/node.ts';
import type { Act, Hear } from './act.ts';
import { oneLine } from './kubectl.ts';

/** `velero restore create --from-backup NAME`, `velero backup create NAME` */
export const hearVelero: Hear = (heard) => {
  const given = readArguments(heard.words, ['--wait', '--include-cluster-resources']);
  const [what, verb, name] = given.words;
  if (verb !== 'create') return { kind: 'look', settings: scalar(oneLine(heard.statement.raw)) };
  const namespaces = (given.flag('--include-namespaces') ?? '').split(',').filter((one) => one !== '');
  const settings = texts(namespaces);
  const asset = heard.world.asset(
    'kubernetes',
    'kubernetes_resources',
    heard.line,
    settings === undefined ? {} : { namespaces: settings },
  );
  if (what === 'restore') return withThing('restore', asset, 'takes', given.flag('--from-backup', '--from-schedule'));
  return what === 'backup' ? withThing('backup', asset, 'makes', name) : undefined;
};

const withThing = (kind: string, asset: string, key: string, file: string | undefined): Act => ({
  kind,
  settings: scalar(asset),
  ...(file === undefined ? {} : { beside: { [key]: list([scalar(`file:${file}`)]) } }),
});

/** `docker compose stop web`, `docker-compose up -d` */
export const hearDocker: Hear = (heard) => {
  const given = readArguments(heard.words, [
    '-d',
    '--detach',
    '--build',
    '--force-recreate',
    '--remove-orphans',
    '-it',
    '-i',
    '-t',
    '--rm',
  ]);
  const [first, ...rest] = given.words[0] === 'compose' ? given.words.slice(1) : given.words;
  const kinds: Readonly<Record<string, string>> = {
    stop: 'stop',
    down: 'stop',
    start: 'start',
    up: 'start',
    restart: 'restart',
  };
  if (first === 'ps' || first === 'logs' || first === 'inspect')
    return { kind: 'look', settings: scalar(oneLine(heard.statement.raw)) };
  const kind = Object.hasOwn(kinds, first ?? '') ? kinds[first ?? ''] : undefined;
  if (kind === undefined) return undefined;
  const services = rest.filter((name) => /^[A-Za-z]/.test(name)).map((name) => heard.world.service(name, heard.line));
  if (services.length === 0) services.push(heard.world.anyService(heard.line));
  const settings =
    services.length === 1
      ? scalar(services[0] as string)
      : mapping({ services: list(services.map((name) => scalar(name))) });
  return { kind, settings };
};

/** `restic restore latest --target /srv` */
export const hearRestic: Hear = (heard) => {
  const given = readArguments(heard.words, ['-v', '--verbose', '-q', '--quiet', '--verify']);
  const [verb] = given.words;
  if (verb === 'snapshots' || verb === 'check' || verb === 'stats')
    return { kind: 'look', settings: scalar(oneLine(heard.statement.raw)) };
  const target = given.flag('-t', '--target');
  if (verb !== 'restore' || target === undefined) return undefined;
  const act: Act = {
    kind: 'restore',
    settings: scalar(heard.world.anyFiles(given.flag('-i', '--include') ?? target, heard.line)),
  };
  return act;
};

/** `mysql shop < shop.sql`: brings a copy back; `mysql -e "select …"` looks. */
export const hearMysql: Hear = (heard) => {
  const query = readArguments(heard.words).flag('-e', '--execute');
  const piped = heard.statement.commands.length > 1 && heard.statement.commands.at(-1) === heard.command;
  const [file] = heard.command.reads;
  if (query !== undefined)
    return /^\s*(select|show|check)\b/i.test(query) ? { kind: 'look', settings: scalar(query) } : undefined;
  if (file === undefined && !piped) return undefined;
  const beside = file === undefined ? {} : { beside: { takes: list([scalar(`file:${file}`)]) } };
  return { kind: 'restore', settings: scalar(heard.world.database(heard.line)), ...beside };
};
