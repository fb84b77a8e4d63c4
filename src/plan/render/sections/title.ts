import { plural } from '../../lint/words.ts';
import type { RenderContext } from '../context.ts';
import type { Block, RunbookRecord, Section } from '../model.ts';
import { calendarsText, facts, nextDate } from '../words.ts';

/** Whose plan it is, how old it is, what it was made from, and whether it has known defects. */
export function coverBlocks(context: RenderContext, record: RunbookRecord): Block[] {
  const { plan } = context;
  return [
    ...known(context),
    ...facts([
      ['Plan', plan.name],
      ['Version', plan.version],
      ['Owner', plan.owner],
      ['Read last', plan.review.last],
      ['Read next', reviewNext(context)],
      ['Read by', plan.review.by?.join(', ')],
      ['Rendered on', `${record.date} by ${record.tool}`],
      ['Hash of the plan', { code: record.hash }],
      ['Hash of its files', { code: record.files }],
      ['Is it still the plan?', { code: 'lifeboat runbook --verify FILE' }],
    ]),
  ];
}

/** A runbook of a plan with mistakes says so on its first page. */
function known({ findings }: RenderContext): Block[] {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.filter(({ severity }) => severity === 'warning').length;
  if (errors + warnings === 0) return [];
  const counts = [
    ...(errors > 0 ? [plural(errors, 'error')] : []),
    ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
  ];
  return [
    {
      kind: 'notice',
      tone: errors > 0 ? 'danger' : 'note',
      text: [
        `This plan has known defects: ${counts.join(' and ')}. `,
        { to: 'defects', text: 'Read them' },
        ' before you rely on it.',
      ],
    },
  ];
}

function reviewNext({ plan: { review }, dayMs }: RenderContext): string | undefined {
  if (review.next !== undefined) return review.next;
  if (review.every === undefined) return undefined;
  return `${nextDate(review.every, dayMs - 1) ?? 'never'} (${calendarsText(review.every)})`;
}

/** What the paper is, what recovery is for, and where this program runs. */
export function aboutSection({ plan }: RenderContext): Section {
  const { goals, tool } = plan;
  const ours = facts([
    ['Where it runs', tool.host],
    ['Lost with', tool.domain],
    ['People sign in with', tool.signIn?.with],
    ['Which is lost with', tool.signIn?.domain],
    [
      'Runs are kept going by',
      tool.engine && `${tool.engine.type} at ${[tool.engine.at].flat().join(', ')}, led by ${tool.engine.site}`,
    ],
  ]);
  return {
    id: 'about',
    title: 'About this runbook',
    level: 1,
    ownPage: false,
    blocks: [
      {
        kind: 'paragraph',
        text: `It is made from the plan and changes only with it. What is written on it by hand is not in the plan: bring it back there. Calendars are in the time zone ${plan.timezone}.`,
      },
      ...(goals.length === 0
        ? []
        : [{ kind: 'heading', text: 'What recovery is for' } as const, { kind: 'list', items: goals } as const]),
      ...(ours.length === 0 ? [] : [{ kind: 'heading', text: 'Lifeboat itself' } as const, ...ours]),
    ],
  };
}
