import type { CheckSpec } from '../../model.ts';
import type { Words } from '../model.ts';
import { Settings } from './settings.ts';

/** What a check asks, as the end of "see that …": of a check as a step writes it (`{ http: /health, expect: … }`). */
export function checkWords(written: unknown): string {
  if (typeof written !== 'object' || written === null) return 'it is well';
  const entries = Object.entries(written);
  const [kind, settings] = entries.find(([key]) => !beside.has(key)) ?? ['it', undefined];
  const expect = new Settings(written).text('expect');
  const name = new Settings(written).text('name');
  return name ?? `${asked(kind, settings)}${expect === undefined ? '' : `, expecting ${expect}`}`;
}

const beside = new Set(['name', 'expect', 'timeout']);

/** A check that the plan declares, as a line to tick. */
export function checkLine({ kind, name, settings, expect }: CheckSpec): Words {
  const question = asked(kind, settings);
  const expected = expect === undefined ? '' : `, expecting ${expect}`;
  return name === undefined ? `${question}${expected}` : [{ strong: name }, `: ${question}${expected}`];
}

function asked(kind: string, written: unknown): string {
  const settings = new Settings(written);
  const alone = settings.alone;
  if (kind === 'http') return `${settings.text('method') ?? 'GET'} ${alone ?? settings.text('url') ?? ''} answers`;
  if (kind === 'sql')
    return `the database answers: ${(alone ?? settings.text('query') ?? '').replaceAll(/\s+/g, ' ').trim()}`;
  if (kind === 'tcp')
    return `a connection to ${alone ?? [settings.text('host'), settings.text('port')].join(':')} is accepted`;
  if (kind === 'file') return `the file ${alone ?? settings.text('path') ?? ''} is there`;
  if (kind === 'command')
    return `this succeeds: ${(settings.all.length > 0 ? settings.all : settings.texts('run')).join(' ')}`;
  if (kind === 'tls') return `the certificate of ${alone ?? settings.text('host') ?? ''} is valid`;
  if (kind === 'promql') return `the metric answers: ${alone ?? settings.text('query') ?? ''}`;
  if (kind === 'logs') return `the logs of ${settings.text('of') ?? ''} hold: ${settings.text('pattern') ?? ''}`;
  if (kind === 'workloads')
    return `the workloads run${[' in the cluster ', settings.text('cluster')].join('').replace(/ in the cluster $/, '')}`;
  if (kind === 'service') return `${alone ?? ''} is healthy`;
  if (kind === 'asset') return `${alone ?? ''} passes its checks`;
  if (kind === 'store') return `the store ${alone ?? ''} answers`;
  return `${databaseWords[kind] ?? kind} ${alone === 'all' ? '' : (alone ?? '')}`.trim();
}

/** What is asked of a whole database. */
const databaseWords: Readonly<Record<string, string>> = {
  amcheck: 'tables and indexes are sound, says amcheck',
  orphans: 'no row points at nothing',
  read: 'every row can be read',
  pages: 'every page fits its checksum',
  newest: 'the newest row is young enough',
};
