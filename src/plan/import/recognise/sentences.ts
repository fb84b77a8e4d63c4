import type { Act } from '../commands/act.ts';
import type { World } from '../world.ts';
import { list, mapping, scalar, texts } from '../write/node.ts';

/** A step as a sentence: `Restore latest backup to a new Postgres instance`. */
export interface Sentence {
  readonly text: string;
  /** With what stands below it. */
  readonly whole: string;
  /** What is marked as code in it: files, commands. */
  readonly spans: readonly string[];
  readonly line: number;
}

/** The step that a sentence plainly is; undefined when it is for people to read. Whoever calls says that it was guessed. */
export function hearSentence(sentence: Sentence, world: World): Act | undefined {
  for (const hear of [
    calls,
    manifests,
    clusters,
    restores,
    scalesDown,
    switches,
    promotes,
    rollsOut,
    declares,
    verifies,
  ]) {
    const act = hear(sentence, world);
    if (act !== undefined) return act;
  }
  return undefined;
}

type Hear = (sentence: Sentence, world: World) => Act | undefined;

/** `See "Complete cluster failure" steps above`: that scenario is run from here. */
const calls: Hear = ({ text, whole }, world) => {
  if (!/\b(follow|see|run|execute)\b/i.test(whole)) return undefined;
  const named =
    /["“'`]([^"”'`]{4,80})["”'`]/.exec(whole)?.[1] ??
    /^follow (?:the )?(.{4,60}?) (?:procedures?|steps|recovery)\b/i.exec(text)?.[1];
  const scenario = named === undefined ? undefined : world.scenario(named);
  return scenario === undefined ? undefined : { kind: 'call', settings: scalar(scenario) };
};

const manifest = /\.ya?ml$/;

/** `Apply base manifests: k8s/00-namespace.yaml …`; a file called after a database makes that database's server. */
const manifests: Hear = ({ text, spans }, world) => {
  const files = spans.filter((span) => manifest.test(span));
  if (files.length === 0 || !/^(apply|deploy|install|create|roll ?out|recreate)\b/i.test(text)) return undefined;
  const database = files.find((file) => /postgres/i.test(file));
  const made = [
    ...files.filter((file) => /namespace\.ya?ml$/.test(file)).map(() => 'namespace:*'),
    ...files.filter((file) => /secrets?\.ya?ml$/.test(file)).map(() => 'secret:*'),
    ...(database === undefined ? [] : [`server:${world.find('postgres') ?? 'postgres'}`]),
  ];
  return {
    kind: 'provision',
    settings: mapping({ what: scalar(text.replace(/:\s*$/, '')), by: scalar('kubectl'), files: texts(files) }),
    ...(made.length === 0 ? {} : { beside: { makes: list(made.map((thing) => scalar(thing))) } }),
  };
};

const clusters: Hear = ({ text }) =>
  /^(re-?create|provision|build|rebuild|create|bring up)\b.*\b(clusters?|node pools?|hosts?|fleet|infrastructure)\b/i.test(
    text,
  )
    ? {
        kind: 'provision',
        settings: mapping({ what: scalar(text), by: scalar('people') }),
        beside: { makes: list([scalar('cluster:*')]) },
      }
    : undefined;

const restores: Hear = ({ text, line }, world) => {
  if (
    !/^(restore|recover)\b/i.test(text) ||
    !/\b(backups?|database|db|postgres(ql)?|snapshots?|volumes?|dump)\b/i.test(text)
  )
    return undefined;
  const asset = /\bvolumes?\b/i.test(text)
    ? world.asset('volume', 'volumes', line)
    : /\b(database|db|postgres(ql)?)\b/i.test(text) ||
        world.find('postgres') !== undefined ||
        world.find('database') !== undefined
      ? world.database(line)
      : undefined;
  if (asset === undefined) return undefined;
  return {
    kind: 'restore',
    settings: scalar(asset),
    ...(/\bnew\b/i.test(text) ? { beside: { into: scalar('new') } } : {}),
  };
};

const scalesDown: Hear = ({ text, whole, line }, world) => {
  if (
    /^(scale down|stop|shut down|freeze|pause|quiesce|block|disable)\b.*\b(apps?|applications?|writ\w+|mutations?|services?|traffic|deploys?)\b/i.test(
      text,
    )
  ) {
    return { kind: 'fence', settings: mapping({ service: scalar(world.anyService(line)), how: scalar(whole) }) };
  }
  return undefined;
};

const switches: Hear = ({ text, whole, spans, line }, world) => {
  const dns = /^(update|switch|change|shift|point|repoint)\b.*\b(dns|route ?53|edge traffic|traffic)\b/i.test(text);
  const address =
    /^(update|switch|point|repoint|change)\b.*\b(connection string|to (the )?(restored|new)|point(s|ing)? (apps|the app|services)|database (host|url|endpoint))\b/i.test(
      text,
    );
  if (!dns && !address) return undefined;
  const service = world.anyService(line);
  const pointer = dns ? 'dns' : 'database';
  const file = spans.find((span) => manifest.test(span) || span.endsWith('.json'));
  const where = dns
    ? mapping({ dns: scalar('[the record that is changed]') })
    : file === undefined
      ? mapping({
          config: scalar(/service discovery/i.test(whole) ? 'service discovery' : '[where the address stands]'),
        })
      : mapping({ config: scalar(file, line) });
  world.pointer(service, pointer, where);
  return {
    kind: 'switch',
    settings: mapping({
      service: scalar(service),
      pointer: scalar(pointer),
      value: scalar('[where it points afterwards]'),
      how: scalar(whole),
    }),
  };
};

const promotes: Hear = ({ text, line }, world) =>
  /^promote\b.*\b(replica|standby|secondary)\b/i.test(text) && !/control plane|application|service/i.test(text)
    ? { kind: 'promote', settings: scalar(world.database(line)) }
    : undefined;

const rollsOut: Hear = ({ text, line }, world) =>
  /^(roll ?out|restart|redeploy)\b.*\b(deployments?|apps?|applications?|services?|pods?)\b/i.test(text)
    ? { kind: 'restart', settings: scalar(world.anyService(line)) }
    : undefined;

const declares: Hear = ({ text }) =>
  /^declare\b.*\b(incident|disaster)\b/i.test(text) && !/\b(over|resolved|closed|ended)\b/i.test(text)
    ? { kind: 'declare', settings: mapping({ as: scalar(text) }) }
    : undefined;

/** Somebody looks, and says what they saw. */
const verifies: Hear = ({ text, whole }) =>
  /^(verify|validate|confirm|check|ensure|monitor|assess)\b/i.test(text) && !/\brun failover\b/i.test(whole)
    ? { kind: 'look', settings: scalar(whole) }
    : undefined;
