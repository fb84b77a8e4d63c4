import { sentenceDuration } from '../../lint/words.ts';
import type { Objectives } from '../../model.ts';
import { rpoMsOf, type RenderContext } from '../context.ts';
import type { Block, Section, Words } from '../model.ts';
import { joined, promised, rangeOf, rpoOf, rtoOf, scenarioLink, table } from '../words.ts';

/** What is promised, of everything and of each. */
export function objectivesSection(context: RenderContext): Section {
  const { plan } = context;
  return {
    id: 'objectives',
    title: 'What is promised',
    level: 1,
    ownPage: true,
    blocks: [
      {
        kind: 'paragraph',
        text: 'RTO: how long it may be down, from the impact to lasting green checks. RPO: the span of acknowledged work that may be lost. Where several apply, the strictest is judged.',
      },
      ...table(head, [
        ...(isStated(plan.objectives) ? [row('the whole plan', '', plan.objectives)] : []),
        ...[...plan.ranks].map(([name, one]) => row(`rank ${name}`, '', one)),
        ...[...plan.categories]
          .filter(([, { objectives }]) => isStated(objectives))
          .map(([name, one]) => row(`category ${name}`, one.means ?? '', one.objectives)),
        ...[...plan.services.values()].map((one) =>
          row(one.name, describe('service', one.rank, one.about), one.objectives),
        ),
        ...[...plan.assets.values()]
          .filter(({ objectives = {} }) => isStated(objectives))
          .map((one) => row(one.name, describe('asset', one.rank, one.about), one.objectives ?? {})),
      ]),
      ...byScenario(context),
    ],
  };
}

const head = ['Of', 'What it is', 'RTO', 'RPO', 'Means over time'];

const isStated = (objectives: Objectives): boolean => Object.keys(objectives).length > 0;

const describe = (what: string, rank: string | undefined, about: string | undefined): string =>
  [rank === undefined ? what : `${what}, ${rank}`, about].filter((one) => one !== undefined).join(': ');

function row(name: string, what: string, objectives: Objectives): Words[] {
  const { mttrMs, mtbfMs } = objectives;
  const means = [
    ...(mttrMs === undefined ? [] : [`repaired in ${sentenceDuration(mttrMs)}`]),
    ...(mtbfMs === undefined ? [] : [`${sentenceDuration(mtbfMs)} between failures`]),
  ];
  return [{ strong: name }, what, rtoOf(objectives), rpoOf(objectives), joined(means)];
}

function byScenario(context: RenderContext): Block[] {
  const { plan, survival } = context;
  const rows = [...plan.scenarios.values()].map((scenario): Words[] => {
    const left = survival.get(scenario.name);
    const { stepsMs } = left ?? {};
    return [
      scenarioLink(scenario.name),
      promised(left?.rtoMs),
      promised(rpoMsOf(context, scenario)),
      scenario.expected === undefined ? '–' : rangeOf(scenario.expected),
      stepsMs === undefined ? 'no budgets' : sentenceDuration(stepsMs),
      left?.closes === true ? 'closes' : 'does not close',
      scenario.lastTested ?? 'the plan does not say',
    ];
  });
  if (rows.length === 0) return [];
  return [
    { kind: 'heading', text: 'By scenario' },
    ...table(['Scenario', 'RTO', 'RPO', 'Expected', 'Longest way', 'Way back', 'Tested last'], rows),
  ];
}
