import { flag, has, plainWords, type Act } from './act.ts';
import type { Command } from './shell.ts';

const valued = [
  '-n',
  '--namespace',
  '-f',
  '-k',
  '-o',
  '-l',
  '--context',
  '--replicas',
  '--to-revision',
  '--timeout',
  '--version',
];

/** `kubectl …` */
export function kubectl(command: Command): Act[] {
  const { words } = command;
  const [verb, ...objects] = plainWords(words, valued);
  const namespace = flag(words, '-n', '--namespace');
  const within: Act[] = namespace === undefined ? [] : [{ kind: 'needs', what: `namespace:${namespace}`, command }];
  if (verb === 'create' && has(objects, 'namespace', 'ns'))
    return [{ kind: 'makes', what: `namespace:${objects[1] ?? ''}`, command }];
  if (verb === 'create' && has(objects, 'secret', 'configmap')) return [...within, ...created(command, objects)];
  if (verb === 'apply' || verb === 'create') return [...within, ...applied(command)];
  if (verb === 'scale') return [...within, ...scaled(command, objects)];
  if (verb === 'rollout' && objects[0] === 'restart')
    return [
      ...within,
      ...objects.slice(1).map((name): Act => ({ kind: 'starts', what: `service:${bare(name)}`, command })),
    ];
  if (verb === 'rollout' && objects[0] === 'status') return [...within, { kind: 'checks', what: 'service', command }];
  if (verb === 'set' && objects[0] === 'env') return [...within, ...settings(command, words)];
  if (verb === 'get') return [...within, ...read(command, objects)];
  if (verb === 'delete' && has(objects, 'namespace', 'pvc', 'pv'))
    return [...within, { kind: 'destroys', what: objects.join(':'), command }];
  return within;
}

/** `helm …` */
export function helm(command: Command): Act[] {
  const { words } = command;
  const [verb, release] = plainWords(words, [...valued, '--set', '--values']);
  const namespace = flag(words, '-n', '--namespace');
  if (verb !== 'install' && verb !== 'upgrade') return [];
  const makesIt = has(words, '--create-namespace');
  const kind = makesIt ? 'makes' : 'needs';
  const within: Act[] = namespace === undefined ? [] : [{ kind, what: `namespace:${namespace}`, command }];
  const again = verb === 'upgrade' ? (has(words, '--install', '-i') ? 'again' : 'upgrade') : 'once';
  return [
    ...within,
    { kind: 'installs', what: `release:${release ?? ''}`, detail: again, command },
    { kind: 'starts', what: `service:${release ?? ''}`, command },
    ...overlays(
      command,
      words.filter((word) => /\.ya?ml$/.test(word)),
    ),
  ];
}

function created(command: Command, objects: readonly string[]): Act[] {
  const name = objects[0] === 'secret' ? (objects[2] ?? objects[1]) : objects[1];
  return [
    { kind: 'makes', what: `${objects[0] === 'secret' ? 'secret' : 'config'}:${name ?? ''}`, command },
    ...settings(command, command.words),
  ];
}

function applied(command: Command): Act[] {
  const files = command.words.flatMap((word, index) =>
    ['-f', '-k', '--filename', '--kustomize'].includes(command.words[index - 1] ?? '') ? [word] : [],
  );
  return files.flatMap((file) => manifest(command, file));
}

/** What the name of a manifest tells; nothing is read. */
export function manifest(command: Command | undefined, file: string): Act[] {
  const name = file.toLowerCase();
  const common = command === undefined ? {} : { command };
  const made: [RegExp, string][] = [
    [/namespace/, 'namespace:*'],
    [/secret/, 'secret:*'],
    [/configmap/, 'config:*'],
    [/postgres|mysql|database/, 'server:*'],
    [/cert-?manager|issuer/, 'issuer:*'],
    [/ingress/, 'ingress:*'],
    [/overlays?\//, 'service:*'],
    [/backend|frontend|deploy|\bapp\b|api/, 'service:*'],
  ];
  const what = made.filter(([pattern]) => pattern.test(name)).map(([, one]) => one);
  return [
    ...what.map((one): Act => ({ kind: 'makes', what: one, file, ...common })),
    ...(what.includes('service:*') ? [{ kind: 'starts', what: 'service:*', file, ...common } as const] : []),
    ...overlays(command, [file]),
  ];
}

function overlays(command: Command | undefined, files: readonly string[]): Act[] {
  return files.flatMap((file): Act[] => {
    const found = /(?:^|[/_.-])(production|prod|staging|dr)(?=[/_.-]|$)/i.exec(file);
    return found === null
      ? []
      : [
          {
            kind: 'uses',
            what: 'overlay',
            detail: (found[1] ?? '').toLowerCase(),
            file,
            ...(command === undefined ? {} : { command }),
          },
        ];
  });
}

function scaled(command: Command, objects: readonly string[]): Act[] {
  const replicas = flag(command.words, '--replicas');
  const names = objects.filter((word) => !/^(deployments?|statefulsets?|deploy|sts)$/.test(word));
  return names.map((name): Act => ({
    kind: replicas === '0' ? 'stops' : 'starts',
    what: `service:${bare(name)}`,
    command,
  }));
}

function settings(command: Command, words: readonly string[]): Act[] {
  return words.flatMap((word): Act[] => {
    const found = /^(?:--from-literal=)?([A-Z][A-Z0-9_]{2,})=/.exec(word);
    return found?.[1] === undefined ? [] : [{ kind: 'sets', what: `setting:${found[1]}`, command }];
  });
}

function read(command: Command, objects: readonly string[]): Act[] {
  const output = flag(command.words, '-o', '--output');
  const kinds = (objects[0] ?? '').split(',');
  if (output === undefined || !/ya?ml|json$/.test(output)) return [];
  return [
    {
      kind: 'exports',
      what: 'kubernetes',
      detail: kinds.join(','),
      ...(command.output === undefined ? {} : { file: command.output }),
      command,
    },
  ];
}

const bare = (name: string): string => name.replace(/^[a-z]+\//, '');
