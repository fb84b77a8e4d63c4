import { plural, sentenceDuration } from '../../lint/words.ts';
import type { Alert, Finding } from '../../model.ts';
import type { RenderContext } from '../context.ts';
import type { Block, Section, Words } from '../model.ts';
import { calendarsText, capital, joined, spoken, table } from '../words.ts';

/** What a runbook leans on: documents, commands at hand, environments, windows, alerts, what is accepted, what is wrong, words. */
export function paperSections(context: RenderContext): Section[] {
  return [documents(context), ground(context), defects(context), waivers(context), glossary()].filter(
    ({ blocks }) => blocks.length > 0,
  );
}

function documents({ plan }: RenderContext): Section {
  const rows = [...plan.documents].map(([name, document]): Words[] => [
    { strong: name },
    [document.kind, document.about].filter((one) => one !== undefined).join(': ') || '–',
    joined([...document.paths, ...(document.url === undefined ? [] : [document.url])]),
    document.host ?? '–',
    document.domain ?? '–',
    document.owner === undefined ? '–' : spoken(document.owner),
  ]);
  const commands = [...plan.commands].map(([name, { about, command, changes }]): Block => {
    const what = capital(about ?? spoken(name));
    return {
      kind: 'code',
      caption: `${what}${changes === true ? ': CHANGES THINGS' : changes === false ? ': changes nothing' : ''}`,
      text: command.trimEnd(),
    };
  });
  return {
    id: 'documents',
    title: 'Documents and commands',
    level: 1,
    ownPage: true,
    blocks: [
      ...table(['Document', 'What it is', 'Path or address', 'Kept at', 'Lost with', 'Owner'], rows),
      ...(commands.length === 0 ? [] : [{ kind: 'heading' as const, text: 'Commands at hand' }, ...commands]),
    ],
  };
}

function ground({ plan }: RenderContext): Section {
  const environments = [...plan.environments.values()].map((one): Words[] => [
    { strong: one.name },
    one.protected ? 'protected: the real one' : one.ephemeral ? 'a bubble, made for a drill' : '–',
    joined([
      ...(one.cluster === undefined ? [] : [`cluster ${one.cluster}`]),
      ...(one.namespace === undefined ? [] : [`namespace ${one.namespace}`]),
    ]),
    joined([...one.services].map(([name, { at }]) => (at === undefined ? name : `${name} at ${at}`))),
    one.domain ?? '–',
  ]);
  const windows = [...plan.windows].map(([name, { every, forMs, about }]): Words[] => [
    { strong: spoken(name) },
    calendarsText(every),
    forMs === undefined ? '–' : sentenceDuration(forMs),
    about ?? '–',
  ]);
  const alerts = [...plan.alerts].map(([name, alert]): Words[] => [
    { strong: spoken(name) },
    alert.says ?? '–',
    rings(alert),
    alert.priority ?? '–',
    joined(alert.notify),
  ]);
  const part = (heading: string, head: string[], rows: Words[][]): Block[] =>
    rows.length === 0 ? [] : [{ kind: 'heading', text: heading }, ...table(head, rows)];
  return {
    id: 'ground',
    title: 'Where it runs, and what rings',
    level: 1,
    ownPage: false,
    blocks: [
      ...part('Environments', ['Environment', 'Is', 'Ground', 'Services', 'Lost with'], environments),
      ...part('When changes are allowed', ['Window', 'When', 'For', 'Why'], windows),
      ...part('Alerts', ['Alert', 'Says', 'Rings when', 'Priority', 'Tells'], alerts),
    ],
  };
}

function rings({ kind, watch = {}, olderThanMs, changesBy, overMs, forMs }: Alert): string {
  const subject = Object.entries(watch)
    .map(([what, name]) => `${what} ${name}`)
    .join(', ');
  return [
    `${kind}${subject === '' ? '' : ` of ${subject}`}`,
    ...(olderThanMs === undefined ? [] : [`older than ${sentenceDuration(olderThanMs)}`]),
    ...(changesBy === undefined ? [] : [`changes by ${Math.round(changesBy * 100)} %`]),
    ...(overMs === undefined ? [] : [`over ${sentenceDuration(overMs)}`]),
    ...(forMs === undefined ? [] : [`for ${sentenceDuration(forMs)}`]),
  ].join(', ');
}

const defectsMax = 60;

function defects({ findings }: RenderContext): Section {
  const known = findings.filter(({ severity }) => severity !== 'info');
  const ordered = [
    ...known.filter(({ severity }) => severity === 'error'),
    ...known.filter(({ severity }) => severity === 'warning'),
  ];
  const rest = ordered.length - defectsMax;
  return {
    id: 'defects',
    title: 'Known defects of this plan',
    level: 1,
    ownPage: true,
    blocks: [
      ...table(['What is wrong', 'Where in the plan', 'Rule'], ordered.slice(0, defectsMax).map(defectRow)),
      ...(rest > 0
        ? [{ kind: 'paragraph' as const, text: `And ${plural(rest, 'more', 'more')}: lifeboat check lists them all.` }]
        : []),
    ],
  };
}

const defectRow = ({ severity, message, path, code }: Finding): Words[] => [
  severity === 'error' ? [{ strong: 'Error: ' }, message] : message,
  path === '' ? '–' : path,
  { code },
];

function waivers({ plan }: RenderContext): Section {
  const rows = plan.waivers.map(({ rule, at, why, by, until }): Words[] => [
    { code: rule },
    at ?? 'everywhere',
    why,
    by ?? '–',
    until ?? 'no end',
  ]);
  return {
    id: 'waivers',
    title: 'Accepted on purpose',
    level: 1,
    ownPage: false,
    blocks: table(['Rule', 'Where', 'Why', 'By', 'Until'], rows),
  };
}

const glossary = (): Section => ({
  id: 'words',
  title: 'Words',
  level: 1,
  ownPage: false,
  blocks: [
    {
      kind: 'facts',
      rows: [
        ['RTO', 'how long it may be down: from the impact to lasting green checks'],
        ['RPO', 'how much may be lost: the span of acknowledged work that does not come back'],
        ['Point', 'a recovery point: one asset as it was at one moment'],
        ['Store', 'a place where copies live'],
        ['Asset', 'something that must survive'],
        ['Domain', 'what is lost together: a region, an account, an office. “Lost with” names it'],
        ['Budget', 'how long a step is expected to take'],
        ['Critical path', 'the steps that make the whole recovery late when they are late'],
        ['Protected', 'an environment that people use: changes ask for consent'],
        ['Fence', 'to make sure that nothing writes any more'],
        ['Drill, bubble', 'a rehearsal, and the place that is made for it and destroyed after it'],
      ],
    },
  ],
});
