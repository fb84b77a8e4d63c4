import { isAbsolute, relative } from 'node:path';
import { describeSource, isSecretSource, type SecretSource } from '../../../core/index.ts';
import { sentenceDuration } from '../../lint/words.ts';
import type { KeyDeclaration, Plan, Policy, StoreDeclaration } from '../../model.ts';
import type { RenderContext } from '../context.ts';
import type { Block, Section, Words } from '../model.ts';
import { calendarsText, joined, spoken, table } from '../words.ts';

/** Where copies live and what opens them: places and the names of sources, never a secret. */
export function copiesSection(context: RenderContext): Section {
  const { plan } = context;
  return {
    id: 'copies',
    title: 'Where copies live',
    level: 1,
    ownPage: true,
    blocks: [
      ...table(
        ['Store', 'Kind', 'Where', 'Opened with', 'Lost with'],
        [...plan.stores.values()].map((store) => [
          { strong: store.name },
          store.type,
          whereOf(store, plan),
          credentialsOf(store),
          store.domain ?? '–',
        ]),
      ),
      { kind: 'heading', text: 'Keys' },
      { kind: 'paragraph', text: 'Without a key no copy can be opened. Here stands where each key is, never the key.' },
      ...table(
        ['Key', 'Opened by', 'Held by', 'Lost with'],
        [...plan.keys.values()].map((key) => [
          { strong: key.name },
          openedBy(key, plan),
          holders(key),
          key.domain ?? '–',
        ]),
      ),
      { kind: 'heading', text: 'What is protected' },
      ...table(['Asset', 'Kind', 'What it is', 'Points', 'To', 'Kept', 'Lost with'], assets(context)),
      ...standbys(context),
      ...exclusions(context),
    ],
  };
}

const secretKeys = /secret|accesskey|token|password|passphrase|credential|identity|routingkey|authorization/i;

function whereOf({ settings, about }: StoreDeclaration, plan: Plan): string {
  const words = entriesOf(settings).flatMap(([key, value]) => {
    if (secretKeys.test(key)) return [];
    if (isSecretSource(value)) return [`${key}: from the ${describeSource(shortened(value, plan))}`];
    if (typeof value !== 'string' && typeof value !== 'number') return [];
    return [key === 'path' ? besidePlan(String(value), plan) : `${key} ${value}`];
  });
  return joined([...(about === undefined ? [] : [about]), ...words]);
}

const credentialsOf = ({ settings }: StoreDeclaration): string =>
  joined(
    entriesOf(settings).flatMap(([key, value]) =>
      secretKeys.test(key) && isSecretSource(value) ? [`${key}: ${describeSource(value)}`] : [],
    ),
  );

/** Where that which opens a key is, never what it is. */
export function openedBy({ passphrase, recipients, identity }: KeyDeclaration, plan: Plan): string {
  return joined([
    ...(passphrase === undefined ? [] : [`passphrase from the ${describeSource(shortened(passphrase, plan))}`]),
    ...(identity === undefined ? [] : [`identity from the ${describeSource(shortened(identity, plan))}`]),
    ...recipients.map((recipient) => `the identity of ${recipient}`),
  ]);
}

const holders = ({ shares }: KeyDeclaration): string =>
  shares === undefined ? '–' : `${shares.needed} of ${shares.of} shares: ${joined(shares.holders?.map(spoken))}`;

/** The same words on every machine: a path inside the folder of the plan is told from there. */
const besidePlan = (path: string, { folder }: Plan): string => {
  const way = isAbsolute(path) ? relative(folder, path) : path;
  return way.startsWith('..') ? path : `${way === '' ? '.' : way} beside the plan`;
};

const shortened = (source: SecretSource, plan: Plan): SecretSource =>
  'file' in source ? { file: besidePlan(source.file, plan) } : source;

const entriesOf = (settings: unknown): [string, unknown][] =>
  typeof settings === 'object' && settings !== null ? Object.entries(settings) : [];

function assets({ plan }: RenderContext): Words[][] {
  return [...plan.assets.values()].map((asset) => {
    const policy = plan.policies.get(asset.policy ?? '');
    const to = policy === undefined || policy.to.length === 0 ? [...plan.stores.keys()] : policy.to;
    return [
      { strong: asset.name },
      asset.type,
      joined([...(asset.about === undefined ? [] : [asset.about]), ...(asset.holds ?? [])]),
      policy === undefined ? 'no policy: by hand' : whenOf(policy),
      joined([...to, ...(policy?.copy?.to ?? []).map((store) => `then ${store}`)]),
      policy === undefined ? '–' : keptOf(policy),
      asset.domain ?? '–',
    ];
  });
}

const whenOf = ({ every, onChange, streams }: Policy): string =>
  joined([
    ...(every.length === 0 ? [] : [calendarsText(every)]),
    ...(onChange ? ['whenever it changes'] : []),
    ...(streams === undefined ? [] : [`streamed to ${streams.to.join(', ')}`]),
  ]);

function keptOf({ keeps }: Policy): string {
  const spans = (['all', 'hourly', 'daily', 'weekly', 'monthly', 'yearly', 'pitr'] as const).flatMap((word) => {
    const ms = keeps[`${word}Ms`];
    return ms === undefined ? [] : [`${word === 'pitr' ? 'any moment' : word} for ${sentenceDuration(ms)}`];
  });
  return joined([
    ...spans,
    ...(keeps.atLeast === undefined ? [] : [`at least ${keeps.atLeast}`]),
    ...(keeps.forever === true ? ['for ever'] : []),
  ]);
}

function standbys({ plan }: RenderContext): Block[] {
  const rows = [...plan.assets.values()].flatMap((asset) =>
    [...(asset.standbys ?? [])].map(([name, standby]): Words[] => [
      { strong: standby.name ?? name },
      asset.name,
      standby.lagMs === undefined ? '–' : sentenceDuration(standby.lagMs),
      standby.about ?? '–',
      standby.domain ?? '–',
    ]),
  );
  if (rows.length === 0) return [];
  return [
    { kind: 'heading', text: 'Standbys' },
    ...table(['Standby', 'Of', 'Behind by', 'What it is', 'Lost with'], rows),
  ];
}

function exclusions({ plan }: RenderContext): Block[] {
  const rows = [...plan.exclusions].map(([name, { reason, provider, domain }]): Words[] => [
    { strong: name },
    reason,
    provider ?? '–',
    domain ?? '–',
  ]);
  if (rows.length === 0) return [];
  return [{ kind: 'heading', text: 'Left out on purpose' }, ...table(['What', 'Why', 'Kept by', 'Lost with'], rows)];
}
