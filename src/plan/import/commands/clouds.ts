import { readArguments, type Arguments } from '../shell/arguments.ts';
import { list, mapping, scalar, texts } from '../write/node.ts';
import type { Act, Hear, Heard } from './act.ts';
import { oneLine } from './kubectl.ts';

const switches = [
  '--recursive',
  '--human-readable',
  '--summarize',
  '--quiet',
  '--dryrun',
  '--delete',
  '--no-cli-pager',
  '--no-multi-az',
  '--multi-az',
];

/** `aws SERVICE VERB …` */
export const hearAws: Hear = (heard) => {
  const given = readArguments(heard.words, switches);
  const [service = '', verb = '', ...rest] = given.words;
  const region = given.flag('--region');
  if (region !== undefined && !region.startsWith('$')) heard.world.region(region, heard.line);
  if (service === 's3') return s3(heard, given, verb, rest, region);
  if (service === 's3api') return bucketSetting(heard, given, verb);
  if (service === 'rds') return rds(heard, given, verb);
  if (service === 'route53' && verb === 'change-resource-record-sets') return dns(heard, given);
  if (service === 'eks' && verb === 'update-kubeconfig') return chosenCluster(heard, given.flag('--name'), region);
  if (/^(wait|describe|list|get)/.test(verb) || /^(ls|head)/.test(verb)) return look(heard);
  return undefined;
};

function s3(
  heard: Heard,
  given: Arguments,
  verb: string,
  [from = '', to = '']: readonly string[],
  region: string | undefined,
): Act | undefined {
  const { world, line } = heard;
  if (verb === 'ls') {
    if (from.startsWith('s3://')) world.bucket(from, line, region);
    return look(heard);
  }
  if (verb === 'mb') {
    const store = world.bucket(from, line, region);
    return {
      kind: 'provision',
      settings: mapping({ what: scalar(`bucket ${from.replace('s3://', '')}`), by: scalar('cloud') }),
      beside: { makes: list([scalar(`store:${store}`)]) },
    };
  }
  if (verb !== 'cp' && verb !== 'sync' && verb !== 'mv') return undefined;
  if (from.startsWith('s3://') && to.startsWith('s3://')) {
    const source = world.bucket(from, line, given.flag('--source-region'));
    return {
      kind: 'replicate',
      settings: mapping({ from: scalar(source), to: scalar(world.bucket(to, line, region)) }),
    };
  }
  if (!from.startsWith('s3://')) {
    if (to.startsWith('s3://')) world.bucket(to, line, region);
    return undefined;
  }
  if (to === '-') return look(heard);
  const file = from.split('/').at(-1) ?? '';
  return {
    kind: 'fetch',
    settings: mapping({
      store: scalar(world.bucket(from, line, region)),
      ...(file === '' ? {} : { file: scalar(file) }),
      ...(to === '' || to === '.' || to === './' ? {} : { to: scalar(to) }),
    }),
    beside: file === '' ? {} : { makes: list([scalar(`file:${file}`)]) },
  };
}

function bucketSetting(heard: Heard, given: Arguments, verb: string): Act | undefined {
  const bucket = given.flag('--bucket');
  if (bucket === undefined) return undefined;
  const store = heard.world.bucket(bucket, heard.line, given.flag('--region'));
  if (verb === 'create-bucket') {
    return {
      kind: 'provision',
      settings: mapping({ what: scalar(`bucket ${bucket}`), by: scalar('cloud') }),
      beside: { makes: list([scalar(`store:${store}`)]) },
    };
  }
  return verb.startsWith('put-')
    ? { kind: 'provision', settings: mapping({ what: scalar(`${verb.slice(4)} of ${bucket}`), by: scalar('cloud') }) }
    : look(heard);
}

function rds(heard: Heard, given: Arguments, verb: string): Act | undefined {
  const { world, line } = heard;
  if (/^restore-db-(instance|cluster)-/.test(verb)) {
    const at = given.flag('--restore-time', '--restore-to-time');
    const target = given.flag(
      '--target-db-instance-identifier',
      '--db-instance-identifier',
      '--target-db-cluster-identifier',
    );
    return {
      kind: 'restore',
      settings: scalar(world.database(line)),
      beside: {
        ...(at === undefined ? {} : { at: scalar(at) }),
        into: scalar('new'),
        ...(target === undefined ? {} : { makes: list([scalar(`server:${target}`)]) }),
      },
    };
  }
  if (verb === 'promote-read-replica' || verb === 'failover-db-cluster') {
    const replica = given.flag('--db-instance-identifier', '--db-cluster-identifier');
    return {
      kind: 'promote',
      settings: mapping({
        asset: scalar(world.database(line)),
        ...(replica === undefined ? {} : { standby: scalar(replica) }),
      }),
    };
  }
  return /^(wait|describe)/.test(verb) ? look(heard) : undefined;
}

function dns(heard: Heard, given: Arguments): Act {
  const zone = given.flag('--hosted-zone-id') ?? '';
  const file = given.flag('--change-batch')?.replace(/^file:\/\//, '');
  const service = heard.world.anyService(heard.line);
  heard.world.pointer(
    service,
    'dns',
    mapping({
      dns: scalar('[the record that is changed]'),
      ...(zone === '' ? {} : { zone: scalar(zone, heard.line) }),
    }),
  );
  return {
    kind: 'switch',
    settings: mapping({
      service: scalar(service),
      pointer: scalar('dns'),
      value: scalar(file === undefined ? '[where it points afterwards]' : `as ${file} says`),
      how: scalar('dns'),
      ...(file === undefined || /^\s*\{/.test(file) ? {} : { file: scalar(file) }),
    }),
  };
}

function chosenCluster(heard: Heard, name: string | undefined, region: string | undefined): Act | undefined {
  if (name === undefined) return undefined;
  heard.world.cluster(name, heard.line, region);
  return {
    kind: 'look',
    settings: mapping({ at: scalar(`the cluster ${name}`), for: scalar('its address and credentials') }),
  };
}

export const hearTerraform: Hear = (heard) => {
  const given = readArguments(heard.words, [
    '-auto-approve',
    '--auto-approve',
    '-destroy',
    '-input=false',
    '-refresh-only',
  ]);
  const targets = heard.words.flatMap((word) => /^--?target=(.+)$/.exec(word)?.[1] ?? []);
  const verb = given.words[0];
  if (verb === 'destroy' || heard.words.includes('-destroy')) {
    return { kind: 'remove', settings: scalar('what terraform made'), beside: { destructive: scalar(true) } };
  }
  if (verb !== 'apply')
    return verb === 'init' || verb === 'plan' || verb === 'output' || verb === 'show' ? look(heard) : undefined;
  return {
    kind: 'provision',
    settings: mapping({
      what: scalar(targets.length === 0 ? 'the infrastructure' : targets.join(', ')),
      by: scalar('terraform'),
      targets: texts(targets),
    }),
  };
};

export const hearHelm: Hear = (heard) => {
  const given = readArguments(heard.words, [
    '--install',
    '-i',
    '--create-namespace',
    '--wait',
    '--atomic',
    '--force',
    '--reuse-values',
    '--debug',
    '--dry-run',
  ]);
  const [verb, release, chart] = given.words;
  if (verb === 'rollback' && release !== undefined)
    return { kind: 'rollback', settings: scalar(heard.world.service(release, heard.line)) };
  if ((verb !== 'install' && verb !== 'upgrade') || release === undefined)
    return /^(list|ls|status|history|get)$/.test(verb ?? '') ? look(heard) : undefined;
  const namespace = given.flag('-n', '--namespace');
  const values = given.flag('-f', '--values');
  return {
    kind: 'provision',
    settings: mapping({
      what: scalar(`release ${release}`),
      by: scalar('helm'),
      release: scalar(release),
      ...(values === undefined ? {} : { values: scalar(values) }),
      ...(chart === undefined ? {} : { folder: scalar(chart) }),
      ...(namespace === undefined ? {} : { namespace: scalar(namespace) }),
    }),
    beside: {
      makes: list([
        scalar(`release:${release}`),
        ...(namespace !== undefined && given.has('--create-namespace') ? [scalar(`namespace:${namespace}`)] : []),
      ]),
      ...(namespace === undefined || given.has('--create-namespace')
        ? {}
        : { takes: list([scalar(`namespace:${namespace}`)]) }),
      ...(verb === 'install' ? { idempotent: scalar(false) } : {}),
    },
  };
};

export const hearEksctl: Hear = (heard) => {
  const given = readArguments(heard.words);
  if (given.words[0] !== 'create' || given.words[1] !== 'cluster') return undefined;
  const file = given.flag('-f', '--config-file');
  const name = given.flag('--name', '-n') ?? 'new';
  return {
    kind: 'provision',
    settings: mapping({
      what: scalar('the cluster'),
      by: scalar('eksctl'),
      files: texts(file === undefined ? [] : [file]),
    }),
    beside: { makes: list([scalar(`cluster:${name}`)]) },
  };
};

const look = ({ statement }: Heard): Act => ({ kind: 'look', settings: scalar(oneLine(statement.raw)) });
