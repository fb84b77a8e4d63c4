import { sentenceDuration } from '../../lint/words.ts';
import type { RenderContext } from '../context.ts';
import type { Block, Section } from '../model.ts';
import { capital, facts, joined, listed, spoken, table } from '../words.ts';

/** The words that are sent, and how an incident is kept. */
export function messageSections(context: RenderContext): Section[] {
  const { plan } = context;
  const messages = [...plan.templates].map(([name, { subject, body }]): Section => ({
    id: `message-${name}`,
    title: `Message: ${spoken(name)}`,
    level: 2,
    ownPage: false,
    blocks: [
      { kind: 'code', caption: subject === undefined ? 'No subject' : `Subject: ${subject}`, text: body.trimEnd() },
    ],
  }));
  const incident = incidentBlocks(context);
  if (messages.length + incident.length === 0) return [];
  const blocks: Block[] = [
    ...(messages.length === 0
      ? []
      : [
          {
            kind: 'paragraph' as const,
            text: 'What stands in double braces is filled in by Lifeboat. By hand, write what you know.',
          },
        ]),
    ...incident,
  ];
  return [{ id: 'messages', title: 'Messages and the incident', level: 1, ownPage: true, blocks }, ...messages];
}

function incidentBlocks({ plan: { incidents } }: RenderContext): Block[] {
  const { statusPage, states, log, review, followUps, report } = incidents;
  return [
    ...facts([
      ['Status page', statusPage?.url],
      ['Lost with', statusPage?.domain],
      ['Updated every', statusPage?.updatesMs === undefined ? undefined : sentenceDuration(statusPage.updatesMs)],
      ['With the message', statusPage?.template],
      ['Log', log?.format],
      ['Write down', joined(log?.entries, '')],
      ['Decisions', log?.decisions === true && 'each with who, when and why'],
      ['Report', report],
      ['Review within', review?.withinMs === undefined ? undefined : sentenceDuration(review.withinMs)],
      ['Review with', joined(review?.with?.map(spoken), '')],
      ['Agenda', joined(review?.agenda, '')],
      ['Published', review?.publish === true && 'yes'],
    ]),
    ...table(
      ['State', 'Means'],
      (states ?? []).map(({ state, means }) => [{ strong: state }, means ?? '–']),
    ),
    ...listed('Follow up', 'ticks', (followUps ?? []).map(capital)),
  ];
}
