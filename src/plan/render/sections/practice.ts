import { sentenceDuration } from '../../lint/words.ts';
import type { DrillCriteria } from '../../model.ts';
import type { RenderContext } from '../context.ts';
import type { Section, Words } from '../model.ts';
import { calendarsText, joined, nextDate, rangeOf, scenarioLink, spoken, table } from '../words.ts';

/** What is rehearsed, when next, and what counts as passed. */
export function practiceSections({ plan, dayMs }: RenderContext): Section[] {
  const drills = [...plan.drills.values()].map((drill): Words[] => [
    { strong: spoken(drill.name) },
    drill.scenario === undefined
      ? `restore of ${drill.restore === 'random' ? 'any asset' : (drill.restore ?? '–')}`
      : scenarioLink(drill.scenario),
    nextDate(drill.every, dayMs - 1) ?? 'never: it has no calendar',
    calendarsText(drill.every),
    drill.in,
    drill.owner === undefined ? '–' : spoken(drill.owner),
    joined([...criteria(drill.expect), ...(drill.budget === undefined ? [] : [`takes ${rangeOf(drill.budget)}`])]),
  ]);
  const exercises = [...plan.exercises].map(([name, exercise]): Words[] => [
    { strong: spoken(name) },
    [exercise.kind, exercise.about].filter((one) => one !== undefined).join(': '),
    nextDate(exercise.every, dayMs - 1) ?? 'never: it has no calendar',
    calendarsText(exercise.every),
    exercise.in ?? '–',
    joined(exercise.by?.map(spoken)),
    joined(exercise.success, exercise.budget === undefined ? '–' : `takes ${rangeOf(exercise.budget)}`),
  ]);
  if (drills.length + exercises.length === 0) return [];
  const head = ['Name', 'What', 'Next', 'Calendar', 'Where', 'Who', 'Passed when'];
  return [
    {
      id: 'drills',
      title: 'Drills',
      level: 1,
      ownPage: true,
      blocks: [
        ...(drills.length === 0 ? [] : [{ kind: 'heading' as const, text: 'Rehearsed by Lifeboat' }]),
        ...table(head, drills),
        ...(exercises.length === 0 ? [] : [{ kind: 'heading' as const, text: 'Practised by people' }]),
        ...table(head, exercises),
      ],
    },
  ];
}

const criteria = ({ rtoMs, rpoMs, lost, health }: DrillCriteria): string[] => [
  ...(rtoMs === undefined ? [] : [`back within ${sentenceDuration(rtoMs)}`]),
  ...(rpoMs === undefined ? [] : [`at most ${sentenceDuration(rpoMs)} lost`]),
  ...(lost === undefined ? [] : [`at most ${lost} things lost`]),
  ...(health === true ? ['healthy'] : []),
];
