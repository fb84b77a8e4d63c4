import { flag, plainWords, type Act } from './act.ts';
import type { Command } from './shell.ts';
import { some } from './databases.ts';

/** `aws …` */
export function aws(command: Command): Act[] {
  const [service, verb, ...rest] = plainWords(command.words, [
    '--region',
    '--source-region',
    '--profile',
    '--output',
    '--query',
  ]);
  if (service === 's3') return moved(command, verb, rest);
  if (service === 's3api' && verb === 'create-bucket')
    return [{ kind: 'makes', what: `bucket:${flag(command.words, '--bucket') ?? '*'}`, command }];
  if (service === 'rds') return database(command, verb);
  if (service === 'route53' && verb === 'change-resource-record-sets')
    return [{ kind: 'switches', what: 'dns', command }];
  if (service === 'eks' && verb === 'create-cluster') return [{ kind: 'makes', what: 'cluster:*', command }];
  if (service === 'secretsmanager') return [{ kind: 'needs', what: 'secrets:aws', command }];
  return [];
}

function moved(command: Command, verb: string | undefined, [from, to]: readonly string[]): Act[] {
  if (verb === 'mb') return [{ kind: 'makes', what: `bucket:${bucketOf(from ?? '')}`, command }];
  if (verb !== 'cp' && verb !== 'sync' && verb !== 'mv') return [];
  const [source, target] = [from ?? '', to ?? ''];
  if (source.startsWith('s3://') && target.startsWith('s3://')) {
    return [
      { kind: 'downloads', what: `bucket:${bucketOf(source)}`, file: source, command },
      { kind: 'uploads', what: `bucket:${bucketOf(target)}`, file: target, command },
    ];
  }
  if (source.startsWith('s3://'))
    return [{ kind: 'downloads', what: `bucket:${bucketOf(source)}`, file: source, command }];
  if (target.startsWith('s3://'))
    return [{ kind: 'uploads', what: `bucket:${bucketOf(target)}`, file: target, detail: source, command }];
  return [];
}

function database(command: Command, verb: string | undefined): Act[] {
  const name = flag(command.words, '--target-db-instance-identifier', '--db-instance-identifier') ?? '*';
  if (verb === 'promote-read-replica') return [{ kind: 'promotes', what: `database:${name}`, command }];
  if (verb?.startsWith('restore-db-instance') === true)
    return [{ kind: 'restores', what: `database:${name}`, command, ...some({ detail: verb }) }];
  if (verb === 'delete-db-instance') return [{ kind: 'destroys', what: `database:${name}`, command }];
  return [];
}

export const eksctl = (command: Command): Act[] =>
  command.words.includes('create') && command.words.includes('cluster')
    ? [{ kind: 'makes', what: 'cluster:*', command }]
    : [];

export const terraform = (command: Command): Act[] =>
  command.words.includes('apply') ? [{ kind: 'makes', what: 'cluster:*', command }] : [];

export const bucketOf = (url: string): string => url.replace(/^s3:\/\//, '').split('/')[0] ?? '';
