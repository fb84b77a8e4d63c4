import { isAbsolute } from 'node:path';
import { describeSource, isSecretSource, type SecretSource } from '../../core/index.ts';
import type { AssetDeclaration, KeyDeclaration, Plan, StoreDeclaration } from '../../plan/index.ts';

export interface ReadMe {
  readonly plan: Plan;
  /** The plan's file inside the kit. */
  readonly planFile: string;
  readonly tool: string;
  readonly day: string;
  readonly platform: string;
  /** Where each store is, as the machine that made the kit reaches it. */
  readonly locations: ReadonlyMap<string, string>;
}

/** What a stranger types, in order. Plain text of at most 100 columns. */
export function readMeText(facts: ReadMe): string {
  const { plan, tool, day, platform } = facts;
  const sections = [
    [
      `READ ME FIRST: how to bring back ${plan.name}`,
      '',
      `Made on ${day} by ${tool}. This kit holds a program (lifeboat), the plan, the runbook and this page; it holds no data`,
      'and no secret. You need besides it: one of the stores below, one of the keys below, and a machine.',
      ...(plan.owner === undefined ? [] : [`Whose it is: ${plan.owner}`]),
    ],
    machine(platform),
    ['2. THE STORES: where the copies are. One that you can reach is enough.', '', ...storeLines(facts)],
    [
      '3. THE KEY: any one of these opens the copies.',
      '',
      ...[...plan.keys.values()].flatMap(keyLines),
      ...givingTheKey,
    ],
    look(facts),
    [
      '5. RESTORE. Nothing is overwritten: each goes to a new place. Take what people need first.',
      '',
      '      mkdir -p /srv/restored',
      '',
      ...assetLines(facts),
    ],
    procedures(facts),
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

const machine = (platform: string): string[] => [
  '1. THE MACHINE',
  '',
  `   ${platform}, with room for what is restored. Nothing needs to be installed but what step 5 names.`,
  '   Copy this folder onto it, go into it, and see that nothing of it is damaged:',
  '',
  '      sha256sum -c SHA256SUMS',
  '      chmod +x lifeboat',
];

function storeLines({ plan, planFile, locations }: ReadMe): string[] {
  return [...plan.stores.values()].flatMap((store) => {
    const path = (store.settings as { path?: unknown } | undefined)?.path;
    const where = `   ${store.name} (${store.type}${store.domain === undefined ? '' : `, in ${store.domain}`}): ${locations.get(store.name) ?? 'see the plan'}`;
    const secrets = sourcesOf(store).map((source) => `      needs the ${describeSource(source)}`);
    return [
      where,
      ...(store.about === undefined ? [] : [`      ${store.about}`]),
      ...secrets,
      ...reach(store, path, planFile),
      '',
    ];
  });
}

/** A folder may be somewhere else on the day. */
function reach({ name }: StoreDeclaration, path: unknown, planFile: string): string[] {
  if (typeof path !== 'string') return [];
  const place = isAbsolute(path) ? path : `the path ${path}, seen from the folder of ${planFile}`;
  return [
    `      The program looks for it at ${place}. If your copy of it is elsewhere, write that place`,
    `      into ${planFile} below stores: ${name}: path.`,
  ];
}

function keyLines(key: KeyDeclaration): string[] {
  const place = key.domain === undefined ? '' : `, kept in ${key.domain}`;
  const lines = [`   ${key.name}${place}:`];
  if (key.passphrase !== undefined)
    lines.push(`      a passphrase (usually from the ${describeSource(key.passphrase)})`);
  if (key.identity !== undefined) lines.push(`      an identity (usually the ${describeSource(key.identity)})`);
  for (const recipient of key.recipients) lines.push(`      the identity of ${recipient}`);
  if (key.shares !== undefined) {
    const { of, needed, holders = [] } = key.shares;
    lines.push(`      any ${needed} of ${of} printed shares, held by: ${holders.join(', ') || 'see who has one'}`);
  }
  return [...lines, ''];
}

const givingTheKey = [
  '   Put it into a file, here called KEY: the passphrase, the line of the identity, or the words of one share. For shares make',
  '   one file for each and write --key FILE several times. --key ask asks instead of reading a file.',
];

const start = (planFile: string): string => `./lifeboat --plan ${planFile} --state ./state --key KEY`;

const look = ({ planFile }: ReadMe): string[] => [
  '4. LOOK: what is there, and does the key open it?',
  '',
  `      ${start(planFile)} keys test`,
  `      ${start(planFile)} points`,
];

function assetLines({ plan, planFile }: ReadMe): string[] {
  const ranks = new Map(
    [...plan.services.values()].flatMap(({ needs, rank }) => needs.map((need) => [need, rank ?? ''])),
  );
  const lines = [...plan.assets.values()].flatMap((asset) => [
    `   ${asset.name} (${asset.type}${ranks.has(asset.name) ? `, needed by a ${ranks.get(asset.name)} service` : ''})`,
    ...programsOf(asset).map((line) => `      ${line}`),
    `      ${start(planFile)} restore ${asset.name} --to /srv/restored/${asset.name}${asset.type === 'postgres' ? ' --start' : ''}`,
    '',
  ]);
  const older =
    '   An older state: put --at 2026-11-21T03:00:00Z or --point ID behind it. What would happen: --dry-run.';
  const excluded = [...plan.excluded].map(([name, reason]) => `   ${name} is not in the copies: ${reason}`);
  return [...lines, older, ...excluded];
}

function programsOf({ type, settings, checks }: AssetDeclaration): string[] {
  if (type !== 'postgres') return [];
  const url = (settings as { url?: unknown } | undefined)?.url;
  const asked =
    isSecretSource(url) && 'env' in url && checks.length > 0
      ? [
          'its checks ask the database that this names; the role and the database are those of the source:',
          `export ${url.env}=postgresql://ROLE@localhost/DATABASE`,
        ]
      : [];
  return [
    'needs the PostgreSQL server programs of the major version that it ran (a restore names it):',
    'apt-get install postgresql-17, or 15, 16, 18',
    ...asked,
  ];
}

const procedures = ({ plan }: ReadMe): string[] => [
  '6. THE WHOLE PROCEDURES, with who is called and what comes in which order, are in the runbook:',
  '',
  `      runbook/${plan.name}.pdf, .html or .md`,
  '',
  '   When all is done, remove the files with keys.',
];

/** Every secret that the settings of a store name. */
function sourcesOf({ settings }: StoreDeclaration): SecretSource[] {
  const found: SecretSource[] = [];
  const visit = (value: unknown): void => {
    if (isSecretSource(value)) found.push(value);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  visit(settings);
  return found;
}
