import { sentenceDuration } from '../../lint/words.ts';
import type { ChecklistItem } from '../../model.ts';
import type { RenderContext } from '../context.ts';
import type { Section, Words } from '../model.ts';
import { capital, joined, listed, spoken } from '../words.ts';

/** One line to tick: what, who, how often, with what. */
export function checklistLine({ do: what, by, everyMs, withinMs, uses }: ChecklistItem): Words {
  const beside = [
    ...(by === undefined ? [] : [by.map(spoken).join(' or ')]),
    ...(withinMs === undefined ? [] : [`within ${sentenceDuration(withinMs)}`]),
    ...(everyMs === undefined ? [] : [`every ${sentenceDuration(everyMs)}`]),
    ...(uses === undefined ? [] : [`see ${uses.join(', ')}`]),
  ];
  return `${capital(what)}${beside.length === 0 ? '' : ` (${beside.join('; ')})`}`;
}

/** Checklists that no scenario names count for every incident; and what must be true before anything happens. */
export function checklistSections({ plan }: RenderContext): Section[] {
  const named = new Set([...plan.scenarios.values()].flatMap(({ checklists = [] }) => checklists));
  const blocks = [...plan.checklists]
    .filter(([name]) => !named.has(name))
    .flatMap(([name, { when, items }]) =>
      listed(
        `${capital(spoken(name))}${when === undefined || name === when ? '' : ` (${when})`}`,
        'ticks',
        items.map(checklistLine),
      ),
    );
  const ready = [...plan.readiness].map(([, { must, of, owner }]): Words => {
    const beside = [
      ...(of === undefined ? [] : [`of ${of.join(', ')}`]),
      ...(owner === undefined ? [] : [spoken(owner)]),
    ];
    return `${capital(must)}${beside.length === 0 ? '' : ` (${joined(beside)})`}`;
  });
  const all = [...blocks, ...listed('True at any time, so that recovery can work', 'ticks', ready)];
  return all.length === 0
    ? []
    : [{ id: 'checklists', title: 'Checklists for every incident', level: 1, ownPage: true, blocks: all }];
}
