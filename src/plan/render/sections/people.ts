import { describeSource, isSecretSource } from '../../../core/index.ts';
import { sentenceDuration } from '../../lint/words.ts';
import type { Channel, Contact, Rung } from '../../model.ts';
import { contactsOf, type RenderContext } from '../context.ts';
import type { Block, Section, Words } from '../model.ts';
import { joined, spoken, table } from '../words.ts';

/** Who is called, who stands in, how it climbs, and by which channels. */
export function peopleSection(context: RenderContext): Section {
  const { plan } = context;
  const own = [...plan.contacts].filter(([, { external }]) => external === undefined);
  return {
    id: 'people',
    title: 'Who to call',
    level: 1,
    ownPage: true,
    blocks: [
      ...(plan.contacts.size === 0 ? [nobody] : []),
      ...table(
        ['Who', 'Role', 'How', 'Stands in', 'Cannot be reached without', 'Does'],
        own.map(([name, contact]) => [
          { strong: contact.name ?? spoken(name) },
          spoken(contact.role ?? '–'),
          phoneOf(contact),
          contact.backup === undefined ? 'nobody' : spoken(contact.backup),
          contact.domain ?? '–',
          joined(contact.duties),
        ]),
      ),
      ...outside(context),
      ...escalation(context),
      ...channels(context),
    ],
  };
}

const nobody: Block = {
  kind: 'notice',
  tone: 'danger',
  text: 'The plan names nobody to call. Write the numbers here by hand, and bring them into the plan.',
};

/** Every way to reach somebody, the loudest first. */
export function phoneOf({ phone, page, chat, email, external }: Contact): Words {
  const ways: Words[] = [
    ...(phone === undefined ? [] : [{ strong: phone }]),
    ...(page === undefined ? [] : [`page: ${page}`]),
    ...(chat === undefined ? [] : [`chat: ${chat}`]),
    ...(email === undefined ? [] : [email]),
    ...(external?.url === undefined ? [] : [external.url]),
    ...(external?.account === undefined ? [] : [`account ${external.account}`]),
  ];
  if (ways.length === 0) return 'the plan does not say';
  return ways.flatMap((way, index) => [...(index === 0 ? [] : [' · ']), ...(Array.isArray(way) ? way : [way])]);
}

function outside({ plan }: RenderContext): Block[] {
  const rows = [...plan.contacts].flatMap(([name, contact]): Words[][] => {
    const { external } = contact;
    if (external === undefined) return [];
    return [
      [
        { strong: external.vendor ?? contact.name ?? spoken(name) },
        external.account === undefined ? '–' : { strong: external.account },
        external.contract ?? '–',
        external.priority ?? '–',
        external.url ?? '–',
        contact.phone ?? contact.email ?? '–',
      ],
    ];
  });
  if (rows.length === 0) return [];
  const head = ['Outside', 'Account', 'Contract', 'Ask for', 'Where', 'Phone or mail'];
  return [{ kind: 'heading', text: 'Outside' }, ...table(head, rows)];
}

function escalation(context: RenderContext): Block[] {
  const { plan } = context;
  const rows = [...plan.severities].map(([name, severity]): Words[] => {
    const path = severity.escalate ?? plan.escalate;
    return [
      { strong: name },
      [severity.means, joined(severity.examples, '')].filter((one) => one !== undefined && one !== '').join('; ') ||
        '–',
      severity.respondMs === undefined ? '–' : sentenceDuration(severity.respondMs),
      path.map((rung) => rungText(rung, context)).join(', then ') || '–',
      joined([...(severity.notify ?? []), ...(severity.tell ?? []).map(spoken)]),
      severity.updatesMs === undefined ? '–' : `every ${sentenceDuration(severity.updatesMs)}`,
      joined(severity.actions),
    ];
  });
  const common = plan.severities.size === 0 && plan.escalate.length > 0;
  if (rows.length === 0 && !common) return [];
  const head = ['Severity', 'Means', 'Answer within', 'Climbs', 'Told', 'Updates', 'Then'];
  return [
    { kind: 'heading', text: 'How urgent, and how it climbs' },
    ...(common
      ? [{ kind: 'list' as const, items: plan.escalate.map((rung) => rungText(rung, context)) }]
      : table(head, rows)),
  ];
}

function rungText({ role, afterMs }: Rung, context: RenderContext): string {
  const people = contactsOf(context, role).map(
    (name) => context.plan.contacts.get(name)?.name ?? (name === role ? '' : spoken(name)),
  );
  const who = people.filter((one) => one !== '').join(' or ');
  return `${spoken(role)}${who === '' ? '' : ` (${who})`} ${afterMs === 0 ? 'at once' : `after ${sentenceDuration(afterMs)}`}`;
}

function channels({ plan }: RenderContext): Block[] {
  const rows = [...plan.channels].map(([name, channel]): Words[] => [
    { strong: name },
    channel.type,
    joined(channel.to?.map(spoken), whereOf(channel)),
    channel.else ?? '–',
    channel.domain ?? '–',
  ]);
  if (rows.length === 0) return [];
  return [{ kind: 'heading', text: 'Channels' }, ...table(['Channel', 'By', 'To', 'Else', 'Lost with'], rows)];
}

/** Addresses of channels are secrets more often than not: their source is named, nothing else. */
function whereOf(channel: Channel): string {
  const sources = Object.values(channel).filter(isSecretSource).map(describeSource);
  return sources.join(', ') || '–';
}
