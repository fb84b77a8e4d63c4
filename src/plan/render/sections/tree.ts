import type { Plan, Scenario } from '../../model.ts';
import { lostAssets, servicesNeeding, type RenderContext } from '../context.ts';
import type { Block, Section, Words } from '../model.ts';
import { capital, joined, links, scenarioLink, spoken, table } from '../words.ts';

/** From what people see to the scenario: asked in an order in which the first yes is the right one. */
export function treeSection(context: RenderContext): Section {
  const { plan } = context;
  const groups = grouped(plan);
  const asked = groups.filter(({ scenarios }) => scenarios.length > 0);
  return {
    id: 'tree',
    title: 'What do I see?',
    level: 1,
    ownPage: true,
    blocks: [
      {
        kind: 'paragraph',
        text: 'Ask from the top. The first yes is the scenario: go to its page. If two fit, take the one that stands higher: it loses more.',
      },
      ...asked.flatMap(({ question, scenarios }, index) => [
        { kind: 'heading' as const, text: `${index + 1}. ${question}` },
        { kind: 'ticks' as const, items: scenarios.map((scenario) => branch(scenario, plan)) },
      ]),
      { kind: 'heading', text: `${asked.length + 1}. None of these?` },
      { kind: 'ticks', items: otherwise(context) },
      ...byLoss(context),
      ...byCategory(context),
    ],
  };
}

function grouped(plan: Plan): { question: string; scenarios: Scenario[] }[] {
  const scenarios = [...plan.scenarios.values()].map((scenario) => ({
    scenario,
    lost: lostAssets(plan, scenario).length,
  }));
  const widest = scenarios.toSorted((one, other) => other.lost - one.lost).map(({ scenario }) => scenario);
  const places = widest.filter(({ loses }) => loses.domains.length > 0);
  const data = widest.filter(({ loses }) => loses.domains.length === 0 && loses.assets.length > 0);
  const rest = widest.filter(({ loses }) => loses.domains.length === 0 && loses.assets.length === 0);
  return [
    { question: 'Is a whole place gone?', scenarios: places },
    { question: 'Is data lost or wrong?', scenarios: data },
    { question: 'Does something else not work?', scenarios: rest },
  ];
}

function branch(scenario: Scenario, plan: Plan): Words {
  const { trigger, about, impact, severities = [], loses } = scenario;
  const lost = [...loses.domains, ...loses.assets];
  const services = servicesNeeding(plan, lostAssets(plan, scenario));
  return [
    { strong: capital(trigger ?? about ?? spoken(scenario.name)) },
    ...(impact === undefined ? [] : [` (${impact})`]),
    ' → ',
    scenarioLink(scenario.name),
    ...(severities.length === 0 ? [] : [`, ${severities.join(' or ')}`]),
    ...(lost.length === 0 ? [] : [`. Loses ${lost.join(', ')}`]),
    ...(services.length === 0 ? [] : [`, which stops ${services.join(', ')}`]),
  ];
}

function otherwise({ plan }: RenderContext): Words[] {
  const severities = [...plan.severities].map(([name, { means, examples }]) =>
    [name, means ?? joined(examples, '')].filter((one) => one !== '').join(': '),
  );
  return [
    ...(severities.length === 0 ? [] : [`Choose the severity by the impact: ${severities.join('; ')}.`]),
    ['Call somebody: ', { to: 'people', text: 'who to call' }, '.'],
    'Change nothing that you cannot put back. Keep what is there before anything is restored.',
    [
      'Look up what is lost in the table below, and what copies are left in ',
      { to: 'copies', text: 'where copies live' },
      '.',
    ],
  ];
}

/** The other way round: from a part to the scenarios that bring it back. */
function byLoss({ plan }: RenderContext): Block[] {
  const scenarios = [...plan.scenarios.values()];
  const lost = new Map(scenarios.map((scenario) => [scenario.name, lostAssets(plan, scenario)]));
  const of = (asset: string): string[] =>
    scenarios.filter(({ name }) => lost.get(name)?.includes(asset)).map(({ name }) => name);
  const rows = [...plan.assets.keys()].map((asset): Words[] => {
    const found = of(asset);
    return [
      { strong: asset },
      joined(servicesNeeding(plan, [asset])),
      found.length === 0 ? 'no scenario' : links(found, (name) => `scenario-${name}`),
    ];
  });
  if (rows.length === 0) return [];
  return [{ kind: 'heading', text: 'What is lost?' }, ...table(['Lost', 'Stops', 'Scenario'], rows)];
}

function byCategory({ plan }: RenderContext): Block[] {
  const rows = [...plan.categories].map(([name, category]): Words[] => {
    const own = [...plan.scenarios.values()].filter((scenario) => scenario.category === name).map((one) => one.name);
    const all = [...new Set([...(category.scenarios ?? []), ...own])].filter((one) => plan.scenarios.has(one));
    return [
      { strong: spoken(name) },
      [category.means, joined(category.examples, '')].filter((one) => one !== undefined && one !== '').join(': ') ||
        '–',
      category.severity ?? '–',
      all.length === 0 ? '–' : links(all, (one) => `scenario-${one}`),
      joined(category.answers),
    ];
  });
  if (rows.length === 0) return [];
  return [
    { kind: 'heading', text: 'By category' },
    ...table(['Category', 'Means', 'Severity', 'Scenarios', 'Answer'], rows),
  ];
}
