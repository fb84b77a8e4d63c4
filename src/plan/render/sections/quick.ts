import { sentenceDuration } from '../../lint/words.ts';
import { rpoMsOf, type RenderContext } from '../context.ts';
import type { Block, Section, Words } from '../model.ts';
import { promised, scenarioLink, spoken, table } from '../words.ts';
import { phoneOf } from './people.ts';

const linesMax = 12;

/** The one page that is enough to begin. */
export function quickSection(context: RenderContext): Section {
  const { plan } = context;
  return {
    id: 'quick',
    title: 'Quick reference',
    level: 1,
    ownPage: true,
    blocks: [
      { kind: 'heading', text: 'First' },
      { kind: 'ticks', items: beginning(context) },
      { kind: 'heading', text: 'What do you see?' },
      ...table(
        ['You see', 'Scenario', 'Severity', 'Back within', 'Lost at most'],
        [...plan.scenarios.values()].slice(0, linesMax).map((scenario): Words[] => {
          const left = context.survival.get(scenario.name);
          return [
            scenario.trigger ?? scenario.about ?? spoken(scenario.name),
            scenarioLink(scenario.name),
            (scenario.severities ?? []).join(' or ') || '–',
            promised(left?.rtoMs),
            promised(rpoMsOf(context, scenario)),
          ];
        }),
      ),
      ...(plan.scenarios.size > linesMax
        ? [more(`${plan.scenarios.size - linesMax} more scenarios are in`, 'tree', 'What do I see?')]
        : []),
      ...calls(context),
    ],
  };
}

const more = (text: string, to: string, link: string): Block => ({
  kind: 'paragraph',
  text: [`${text} `, { to, text: link }, '.'],
});

function beginning({ plan }: RenderContext): Words[] {
  const channels = [...plan.channels.keys()];
  const update = plan.incidents.statusPage;
  return [
    'Write down the time: this is when the clock of recovery starts.',
    ...(plan.contacts.size === 0
      ? []
      : [['Call the first of ', { to: 'people', text: 'who to call' }, '. Do not work alone.']]),
    [
      'Find the scenario below, or by ',
      { to: 'tree', text: 'What do I see?' },
      ' Go to its page and follow it step by step.',
    ],
    'Restore into a new place. Never write over what is there: it may be all that is left.',
    'Write down what you do, with the time, and tick every step.',
    ...(channels.length === 0 ? [] : [`Tell people: ${channels.join(', ')}.`]),
    ...(update?.url === undefined ? [] : [`Say it on the status page: ${update.url}`]),
  ];
}

/** Whoever is called first. */
function calls(context: RenderContext): Block[] {
  const { plan } = context;
  const people = [...plan.contacts].slice(0, linesMax);
  if (people.length === 0) return [];
  const rungs = [...plan.severities.values()].find(({ escalate }) => escalate !== undefined)?.escalate ?? plan.escalate;
  const order = rungs.map(
    ({ role, afterMs }) => `${spoken(role)}${afterMs === 0 ? ' at once' : ` after ${sentenceDuration(afterMs)}`}`,
  );
  return [
    { kind: 'heading', text: 'Call' },
    ...(order.length === 0 ? [] : [{ kind: 'paragraph' as const, text: `The order: ${order.join(', then ')}.` }]),
    ...table(
      ['Who', 'How', 'If nobody answers'],
      people.map(([name, contact]): Words[] => [
        { strong: contact.external?.vendor ?? spoken(contact.role ?? name) },
        phoneOf(contact),
        contact.backup === undefined ? '–' : spoken(contact.backup),
      ]),
    ),
    ...(plan.contacts.size > linesMax ? [more('More people are in', 'people', 'Who to call')] : []),
  ];
}
