import { plural, sentenceDuration } from '../../lint/words.ts';
import type { Checklist, Plan, Scenario } from '../../model.ts';
import { findingsOf, lostAssets, rpoMsOf, servicesNeeding, type RenderContext } from '../context.ts';
import type { Block, Section, Words } from '../model.ts';
import { checkLine } from '../steps/check-words.ts';
import { stepBlocks } from '../steps/step-blocks.ts';
import { plainWords } from '../steps/plain-words.ts';
import { clockTime, timetable } from '../steps/timetable.ts';
import { capital, facts, joined, links, listed, promised, rangeOf, spoken, table } from '../words.ts';
import { checklistLine } from './checklists.ts';
import { openedBy } from './copies.ts';

/** One page of one bad day: when, what is lost, what is promised, what to do, how to know that it worked. */
export function scenarioSection(scenario: Scenario, context: RenderContext): Section {
  const { plan } = context;
  const { name, about } = scenario;
  return {
    id: `scenario-${name}`,
    title: `Scenario: ${spoken(name)}`,
    level: 1,
    ownPage: true,
    blocks: [
      ...(about === undefined ? [] : [{ kind: 'paragraph' as const, text: about }]),
      ...head(scenario, context),
      ...warnings(scenario, context),
      ...checklists('Before you start', 'before', scenario, plan),
      { kind: 'heading', text: 'Procedure' },
      howToRun(scenario, context),
      { kind: 'steps', steps: stepBlocks(scenario, context) },
      ...checklists('Meanwhile', 'during', scenario, plan),
      ...listed('This must stay true', 'ticks', (scenario.invariants ?? []).map(checkLine)),
      ...listed('It worked when', 'ticks', success(scenario, plan)),
      ...checklists('Afterwards', 'after', scenario, plan),
      ...checklists('Also', undefined, scenario, plan),
      ...criticalPath(scenario),
      ...approvals(scenario),
    ],
  };
}

function head(scenario: Scenario, context: RenderContext): Block[] {
  const { plan } = context;
  const left = context.survival.get(scenario.name);
  const lost = lostAssets(plan, scenario);
  const { loses, category, severities = [] } = scenario;
  return facts([
    ['Name', { code: scenario.name }],
    ['You see', scenario.trigger === undefined ? 'the plan does not say' : [{ strong: capital(scenario.trigger) }]],
    ['Impact', scenario.impact],
    ['Lost', joined([...loses.domains.map((one) => `everything in ${one}`), ...lost], 'nothing that is stored')],
    ['Stops', joined(servicesNeeding(plan, lost), '')],
    ['Severity', severities.join(' or ')],
    ['Category', category === undefined ? undefined : spoken(category)],
    ['Goal', scenario.goal],
    ['Back within (RTO)', [{ strong: promised(left?.rtoMs) }]],
    ['Lost at most (RPO)', [{ strong: promised(rpoMsOf(context, scenario)) }]],
    ['Expected', scenario.expected === undefined ? undefined : rangeOf(scenario.expected)],
    [
      'Longest way',
      left?.stepsMs === undefined
        ? 'no step says how long it may take'
        : `${sentenceDuration(left.stepsMs)}, if every step keeps its budget`,
    ],
    ['Copies left', copies(scenario, context)],
    ['Answer', scenario.answers],
    ['Tested last', scenario.lastTested],
    ['Asked for', [...(scenario.parameters ?? new Map()).keys()].join(', ')],
    ['Read', links(scenario.documents ?? [], () => 'documents')],
    [
      'To open copies',
      lost.length > 0 && [...plan.keys.values()].map((key) => `${key.name}: ${openedBy(key, plan)}`).join('; or '),
    ],
  ]);
}

/** What the plan keeps elsewhere, of what is lost here. */
function copies({ name }: Scenario, { survival }: RenderContext): string {
  const lost = (survival.get(name)?.assets ?? []).filter((one) => one.lost);
  return lost
    .map(({ asset, left, rpoMs }) => {
      const stores = left.map(
        ({ store, worstMs }) =>
          `${store}${worstMs === undefined ? '' : ` (newest at worst ${sentenceDuration(worstMs)} old)`}`,
      );
      const promise = rpoMs === undefined ? '' : `, which may lose ${sentenceDuration(rpoMs)}`;
      return `${asset}${promise}: ${stores.join(', ') || 'none'}`;
    })
    .join('; ');
}

function warnings(scenario: Scenario, context: RenderContext): Block[] {
  const gaps = context.survival.get(scenario.name)?.gaps ?? [];
  const found = findingsOf(context, scenario.name).filter(({ severity }) => severity === 'error');
  const texts = [...new Set([...gaps, ...found.map(({ message }) => message)])];
  if (texts.length === 0) return [];
  const rest = texts.length - gapsMax;
  return [
    { kind: 'notice', tone: 'danger', text: [{ strong: 'This way back has known defects:' }] },
    {
      kind: 'list',
      items: [...texts.slice(0, gapsMax), ...(rest > 0 ? [`and ${rest} more: lifeboat check tells them all`] : [])],
    },
  ];
}

const gapsMax = 6;

/** How the whole of it is started, and whether it can be: a command that would refuse is not offered as if it did not. */
function howToRun(scenario: Scenario, context: RenderContext): Block {
  const refused = findingsOf(context, scenario.name).filter(({ code }) => code === 'plan.not_executable');
  if (refused.length === 0) {
    const command = `lifeboat recover ${scenario.name}${placeOf(context.plan)}`;
    const text = `${command} --dry-run   # a briefing: changes nothing\n${command}`;
    return { kind: 'code', caption: 'Lifeboat runs it as a whole', text };
  }
  return {
    kind: 'notice',
    tone: 'note',
    text: `Lifeboat does not run this procedure as a whole yet (${plural(refused.length, 'part')} of it ${refused.length === 1 ? 'is' : 'are'} not executable): follow it by hand, step by step. Times are hours and minutes after the start.`,
  };
}

/** Where it acts has to be said when there is more than one place: the real one, unless people decide otherwise. */
function placeOf({ environments }: Plan): string {
  const standing = [...environments.values()].filter(({ ephemeral }) => !ephemeral);
  if (standing.length < 2) return '';
  return ` --in ${(standing.find((one) => one.protected) ?? standing[0])?.name}`;
}

function success({ success: own = [], steps }: Scenario, plan: Plan): Words[] {
  if (own.length > 0) return own.map(checkLine);
  const last = steps.findLast(({ kind }) => kind === 'check' || kind === 'wait');
  return last === undefined
    ? [`Nothing in the plan says so: ask a user of ${joined([...plan.services.keys()], 'what was lost')}.`]
    : [`Every step is ticked, and the last check is green: ${plainWords(last, () => undefined)}.`];
}

const checklists = (
  heading: string,
  when: Checklist['when'],
  { checklists: names = [] }: Scenario,
  plan: Plan,
): Block[] =>
  listed(
    heading,
    'ticks',
    names.flatMap((name) => {
      const list = plan.checklists.get(name);
      return list === undefined || list.when !== when ? [] : list.items.map(checklistLine);
    }),
  );

function criticalPath({ steps }: Scenario): Block[] {
  const slots = timetable(steps);
  const rows = steps.flatMap((step, index): Words[][] => {
    const slot = slots.get(step.id);
    if (slot === undefined || !slot.critical) return [];
    const budget = slot.budgetMs === undefined ? 'no budget' : sentenceDuration(slot.budgetMs);
    return [[String(index + 1), spoken(step.id), budget, clockTime(slot.fromMs), clockTime(slot.toMs), '']];
  });
  if (rows.length === 0) return [];
  if ([...slots.values()].every(({ budgetMs }) => budgetMs === undefined)) {
    const none = 'No step says how long it may take, so that there are no times to keep.';
    return [
      { kind: 'heading', text: 'Critical path' },
      { kind: 'paragraph', text: none },
    ];
  }
  return [
    { kind: 'heading', text: 'Critical path' },
    {
      kind: 'paragraph',
      text: 'A step on it that takes longer makes the whole recovery longer. Hours and minutes after the start.',
    },
    ...table(['Step', 'What', 'Budget', 'From', 'To', 'Really'], rows),
  ];
}

function approvals({ steps }: Scenario): Block[] {
  const rows = steps.flatMap((step, index): Words[][] => {
    if (step.kind !== 'approve') return [];
    return [[String(index + 1), plainWords(step, () => undefined), '', '', '']];
  });
  if (rows.length === 0) return [];
  return [{ kind: 'heading', text: 'Approvals' }, ...table(['Step', 'Consent', 'Name', 'Time', 'Signature'], rows)];
}
