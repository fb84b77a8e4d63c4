import { readArguments, type Arguments } from '../shell/arguments.ts';
import { list, mapping, scalar, texts, type PlanNode } from '../write/node.ts';
import type { Act, Hear, Heard } from './act.ts';

const switches = [
  '-w',
  '--watch',
  '--all',
  '--all-namespaces',
  '-A',
  '--force',
  '-i',
  '-t',
  '-it',
  '--previous',
  '--wait',
];

/** `kubectl …` */
export const hearKubectl: Hear = (heard) => {
  const given = readArguments(heard.words, [...switches, ...(heard.words.includes('logs') ? ['-f'] : [])]);
  const [verb = '', ...objects] = given.words;
  return verbs[verb]?.(heard, given, objects);
};

type Read = (heard: Heard, given: Arguments, objects: readonly string[]) => Act | undefined;

const looks: Read = ({ statement }) => ({ kind: 'look', settings: scalar(oneLine(statement.raw)) });

const verbs: Readonly<Record<string, Read>> = {
  get: (heard, given, objects) =>
    heard.statement.commands.some(({ writes }) => writes.length > 0) ? undefined : looks(heard, given, objects),
  describe: looks,
  logs: looks,
  top: looks,
  events: looks,
  'port-forward': () => undefined,
  config: (heard, _given, [what, name]) =>
    what === 'use-context' && name !== undefined ? chosen(heard, name) : undefined,
  scale: scaled,
  rollout: rolledOut,
  apply: applied,
  create: created,
  delete: (heard, _given, [sort, name]) =>
    /^pods?$/.test(sort ?? '') && name !== undefined && !name.startsWith('<')
      ? { kind: 'restart', settings: onService(heard, name) }
      : undefined,
  wait: (_heard, given) => ({
    kind: 'look',
    settings: mapping({
      at: scalar(`${given.words.slice(1).join(' ')} ${given.flag('-l', '--selector') ?? ''}`.trim() || 'the cluster'),
      for: scalar(given.flag('--for') ?? 'ready'),
    }),
  }),
  set: setEnvironment,
  exec: (heard) => insideAPod(heard),
};

const chosen = (heard: Heard, name: string): Act => {
  heard.world.cluster(name, heard.line);
  return {
    kind: 'look',
    settings: mapping({ at: scalar(`the cluster ${name}`), for: scalar('that commands go there') }),
  };
};

function scaled(heard: Heard, given: Arguments, objects: readonly string[]): Act | undefined {
  const replicas = Number(given.flag('--replicas') ?? Number.NaN);
  const names = workloads(objects);
  if (!Number.isInteger(replicas) || names.length === 0) return undefined;
  const services = names.map((name) => heard.world.service(name, heard.line));
  const who: Record<string, PlanNode> =
    services.length === 1
      ? { service: scalar(services[0] as string) }
      : { services: list(services.map((name) => scalar(name))) };
  if (replicas === 0) return { kind: 'fence', settings: mapping({ ...who, how: scalar('scale to zero') }) };
  return { kind: 'start', settings: mapping({ ...who, replicas: scalar(replicas) }) };
}

function rolledOut(heard: Heard, given: Arguments, [verb = '', ...objects]: readonly string[]): Act | undefined {
  const names = workloads(objects);
  const [first] = names;
  if (first === undefined) return undefined;
  if (verb === 'restart') return { kind: 'restart', settings: onServices(heard, names) };
  if (verb === 'status' || verb === 'history') return looks(heard, given, objects);
  if (verb !== 'undo') return undefined;
  const revision = given.flag('--to-revision');
  return {
    kind: 'rollback',
    settings: mapping({
      service: scalar(heard.world.service(first, heard.line)),
      ...(revision === undefined ? {} : { to: scalar(revision) }),
    }),
  };
}

function applied(_heard: Heard, given: Arguments): Act {
  const files = given.flags('-f', '--filename', '-k', '--kustomize').filter((file) => file !== '-');
  const overlay = given.flag('-k', '--kustomize');
  const namespace = given.flag('-n', '--namespace');
  const makes = files.filter((file) => /namespace\.ya?ml$/.test(file)).map(() => 'namespace:*');
  return {
    kind: 'provision',
    settings: mapping({
      what: scalar(files.length === 0 ? 'what the here-document says' : files.join(', ')),
      by: scalar(overlay === undefined ? 'kubectl' : 'kustomize'),
      files: texts(files),
      ...(namespace === undefined ? {} : { namespace: scalar(namespace) }),
    }),
    beside: makes.length === 0 ? {} : { makes: list(makes.map((thing) => scalar(thing))) },
  };
}

function created(heard: Heard, given: Arguments, [sort = '', ...rest]: readonly string[]): Act | undefined {
  const namespace = given.flag('-n', '--namespace');
  const name = sort === 'secret' ? rest[1] : rest[0];
  const thing = { namespace: 'namespace', ns: 'namespace', secret: 'secret', configmap: 'config' }[sort];
  if (thing === undefined || name === undefined)
    return given.flag('-f') === undefined ? undefined : applied(heard, given);
  return {
    kind: 'provision',
    settings: mapping({
      what: scalar(`${sort} ${name}`),
      by: scalar('kubectl'),
      ...(namespace === undefined ? {} : { namespace: scalar(namespace) }),
    }),
    beside: {
      makes: list([scalar(`${thing}:${name}`)]),
      ...(namespace === undefined ? {} : { takes: list([scalar(`namespace:${namespace}`)]) }),
    },
  };
}

function setEnvironment(heard: Heard, _given: Arguments, [sort, ...rest]: readonly string[]): Act | undefined {
  const target = workloads(rest)[0];
  const assignment = heard.words.find((word) => /^[A-Za-z_]\w*=/.test(word));
  if (sort !== 'env' || target === undefined || assignment === undefined) return undefined;
  const [variable = '', ...value] = assignment.split('=');
  const service = heard.world.service(target, heard.line);
  const pointer = variable.toLowerCase();
  heard.world.pointer(service, pointer, mapping({ config: scalar(target), key: scalar(variable) }, heard.line));
  return {
    kind: 'switch',
    settings: mapping({
      service: scalar(service),
      pointer: scalar(pointer),
      value: scalar(value.join('=') || '[its new value]'),
    }),
  };
}

function insideAPod(heard: Heard): Act | undefined {
  const at = heard.words.indexOf('--');
  const inner = at === -1 ? [] : heard.words.slice(at + 1);
  return inner.length === 0 ? undefined : heard.again(inner);
}

/** `deployment/web`, `deployment web api`, `web`: names of workloads, without what they are. */
function workloads(objects: readonly string[]): string[] {
  return objects.filter(
    (word) => !/^(deploy(ment)?s?|statefulsets?|sts|daemonsets?|ds|pods?)$/.test(word) && !/^[A-Za-z_]\w*=/.test(word),
  );
}

const onService = (heard: Heard, name: string): PlanNode => scalar(heard.world.service(name, heard.line));

function onServices(heard: Heard, names: readonly string[]): PlanNode {
  if (names.length === 1) return onService(heard, names[0] as string);
  return mapping({ services: list(names.map((name) => onService(heard, name))) });
}

export const oneLine = (raw: string): string => raw.replaceAll(/\\?\s*\n\s*/g, ' ').trim();
