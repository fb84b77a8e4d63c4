import { isMapping } from '../../inspection.ts';
import type { StepDeclaration } from '../../model.ts';
import type { Act } from './commands/act.ts';
import { actsOfArguments, actsOfText } from './commands/acts.ts';
import { some } from './commands/databases.ts';
import { manifest } from './commands/kubernetes.ts';

type Mapping = Readonly<Record<string, unknown>>;

/** What a step does: by its kind, by what it says that it takes and makes, and by the commands that it runs or was written down with. */
export function actsOfStep(step: StepDeclaration, written: Mapping): readonly Act[] {
  const typed = byKind[step.kind]?.(step, isMapping(step.settings) ? step.settings : {}, written) ?? [];
  return [...typed, ...said(written), ...ofArguments(step), ...textsOf(written['command']).flatMap(actsOfText)];
}

type Reader = (step: StepDeclaration, settings: Mapping, written: Mapping) => Act[];

const byKind: Readonly<Record<string, Reader>> = {
  restore: (step, settings, written) => {
    const asset = nameIn(step.settings, 'asset') ?? '*';
    const store = settings['store'];
    // A logical restore goes into a server that runs; our own makes one, and nothing has to be there before.
    const logical = /^(pg_restore|psql|mysql)$/.test(String(written['program'] ?? ''));
    const program: Act[] = logical ? [{ kind: 'needs', what: `service:${asset}` }] : [];
    return [
      ...program,
      {
        kind: 'restores',
        what: `asset:${asset}`,
        ...some({ file: typeof store === 'string' ? `store:${store}` : undefined }),
      },
      { kind: 'makes', what: `database:${asset}` },
    ];
  },
  fence: (step) =>
    named(step.settings).flatMap((name): Act[] => [
      { kind: 'fences', what: `service:${name}` },
      { kind: 'stops', what: `service:${name}` },
    ]),
  stop: (step) => named(step.settings).map((name) => ({ kind: 'stops', what: `service:${name}` })),
  start: (step) => named(step.settings).map((name) => ({ kind: 'starts', what: `service:${name}` })),
  restart: (step) => named(step.settings).map((name) => ({ kind: 'starts', what: `service:${name}` })),
  rollback: (step) => named(step.settings).map((name) => ({ kind: 'starts', what: `service:${name}` })),
  promote: (step) => [{ kind: 'promotes', what: `database:${nameIn(step.settings, 'asset') ?? '*'}` }],
  switch: (_, settings) => [
    {
      kind: 'switches',
      what: `service:${String(settings['service'] ?? '*')}`,
      ...some({ detail: textOr(settings['pointer']) }),
    },
  ],
  ramp: (step, settings) => [
    { kind: 'starts', what: `service:${nameIn(step.settings, 'service') ?? '*'}` },
    ...(settings['while'] === undefined ? [] : [{ kind: 'checks', what: 'health' } as const]),
  ],
  check: () => [{ kind: 'checks', what: 'check' }],
  look: () => [{ kind: 'checks', what: 'eyes' }],
  wait: (_, settings) => (settings['until'] === undefined ? [] : [{ kind: 'checks', what: 'check' }]),
  provision: (step, settings) => provisioned(step, settings),
  fetch: (_, settings) => [
    {
      kind: 'downloads',
      what: `store:${String(settings['store'] ?? '*')}`,
      ...some({ file: textOr(settings['file']), detail: textOr(settings['asset']) }),
    },
  ],
  replicate: (_, settings) => [
    {
      kind: 'uploads',
      what: `store:${String(settings['to'] ?? '*')}`,
      file: `store:${String(settings['from'] ?? '*')}`,
    },
  ],
  export: (_, settings) => [
    {
      kind: 'dumps',
      what: `database:${String(settings['asset'] ?? '*')}`,
      ...some({ detail: settings['dataOnly'] === true ? 'data-only' : undefined }),
    },
  ],
  import: (_, settings) => [
    {
      kind: 'imports',
      what: `database:${String(settings['asset'] ?? '*')}`,
      ...some({ detail: textOr(settings['conflict']) ?? 'unresolved' }),
    },
  ],
  remove: (step) => textsOf(step.settings).map((name) => ({ kind: 'destroys', what: name })),
};

function provisioned(step: StepDeclaration, settings: Mapping): Act[] {
  const namespace = textOr(settings['namespace']);
  const release = textOr(settings['release']);
  const overlay = textOr(settings['overlay']);
  const by = textOr(settings['by']);
  const ground = by === undefined || ['terraform', 'eksctl', 'cloud', 'people'].includes(by);
  const what = textOr(step.settings) ?? textOr(settings['what']) ?? '';
  const acts: Act[] = textsOf(settings['files']).flatMap((file) => manifest(undefined, file));
  if (namespace !== undefined) acts.push({ kind: 'needs', what: `namespace:${namespace}` });
  if (release !== undefined) acts.push({ kind: 'installs', what: `release:${release}`, detail: 'typed' });
  if (overlay !== undefined) acts.push({ kind: 'uses', what: 'overlay', detail: overlay });
  if (ground && /cluster|region|infrastructure|fleet|site|account/i.test(what))
    acts.push({ kind: 'makes', what: `cluster:${textOr(settings['cluster']) ?? '*'}` });
  if (!ground && /service|application|app\b|deploy|workload|front|back/i.test(`${what} ${overlay ?? ''}`))
    acts.push({ kind: 'starts', what: 'service:*' });
  return acts;
}

/** `takes`, `makes`, `stops`, `starts` and `destructive` beside any kind. */
function said(written: Mapping): Act[] {
  return [
    ...textsOf(written['takes']).map((what): Act => ({ kind: 'needs', what, detail: 'said' })),
    ...textsOf(written['makes']).map((what): Act => ({ kind: 'makes', what, detail: 'said' })),
    ...textsOf(written['makes']).flatMap((what): Act[] =>
      /^(service|release):/.test(what) ? [{ kind: 'starts', what }] : [],
    ),
    ...textsOf(written['stops']).map((name): Act => ({ kind: 'stops', what: `service:${name}` })),
    ...textsOf(written['starts']).map((name): Act => ({ kind: 'starts', what: `service:${name}` })),
    ...(written['destructive'] === true ? [{ kind: 'destroys', what: 'anything' } as const] : []),
  ];
}

/** `restore: orders` and `restore: { asset: orders }` */
export function nameIn(settings: unknown, key: string): string | undefined {
  if (typeof settings === 'string') return settings;
  return isMapping(settings) ? textOr(settings[key]) : undefined;
}

/** Services and assets of a step that starts, stops or fences them. */
function named(settings: unknown): string[] {
  if (typeof settings === 'string') return [settings];
  if (!isMapping(settings)) return [];
  return [...textsOf(settings['service']), ...textsOf(settings['services']), ...textsOf(settings['asset'])];
}

function ofArguments({ kind, settings }: StepDeclaration): Act[] {
  if (kind !== 'exec') return [];
  const words = Array.isArray(settings) ? settings : isMapping(settings) ? settings['run'] : undefined;
  return Array.isArray(words) ? actsOfArguments(words.map(String)) : [];
}

const textOr = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export const textsOf = (value: unknown): string[] =>
  typeof value === 'string' ? [value] : Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
