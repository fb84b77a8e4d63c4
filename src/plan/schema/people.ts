import { z } from 'zod';
import {
  calendars,
  duration,
  durationRange,
  listOf,
  name,
  objectives,
  secretOrText,
  secretSource,
  text,
} from './words.ts';

/** People, how they are reached, how urgent things are, and what is said and done around a procedure. */

export const contact = z.strictObject({
  role: name.optional().describe('What escalations and approvals call for'),
  name: text.optional(),
  email: z.email().optional(),
  phone: text.optional(),
  page: text.optional().describe('Who is paged: a rotation or schedule of a paging service'),
  chat: text.optional().describe('A chat channel or account'),
  backup: name.optional().describe('The contact to call when this one does not answer'),
  domain: name.optional().describe('With what this contact cannot be reached any more'),
  duties: listOf(text).optional().describe('What this contact answers for'),
  external: z
    .strictObject({
      vendor: text.optional(),
      account: text.optional().describe('The account or organisation id that support asks for'),
      contract: text.optional().describe('What was bought: premium support, hours'),
      url: text.optional(),
      priority: text.optional().describe('The priority to ask for'),
    })
    .optional()
    .describe('Somebody outside, with what they ask first'),
});

const rung = z.strictObject({ role: name, after: duration });
export const escalation = listOf(rung).describe('Who is called, and how long after the declaration');

export const severity = z.strictObject({
  means: text.optional(),
  examples: listOf(text).optional(),
  respond: duration.optional().describe('Until somebody works on it'),
  notify: listOf(name).optional().describe('Channels'),
  tell: listOf(name).optional().describe('Roles'),
  escalate: escalation.optional(),
  updates: duration.optional().describe('How often people hear something, at least'),
  actions: listOf(text).optional(),
});

/** What can happen, in the words of the people who plan for it; scenarios belong to one. */
export const category = z.strictObject({
  means: text.optional(),
  severity: name.optional(),
  examples: listOf(text).optional(),
  objectives: objectives.optional(),
  expected: durationRange.optional().describe('How long recovery is expected to take'),
  scenarios: listOf(name).optional(),
  answers: listOf(text).optional().describe('What is done about it, in short'),
});

const channelCommon = { else: name.optional(), domain: name.optional() };
const posted = {
  linkLocal: z
    .boolean()
    .optional()
    .describe('True: also to an address that machines ask for their credentials; else none of those is asked'),
  ...channelCommon,
};
const bearer = secretSource.optional().describe('Goes along as a bearer; a user and a password may stand in the url');
const fields = z.record(z.string(), z.unknown()).optional();
export const channel = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('console'), ...channelCommon }),
  z.strictObject({
    type: z.literal('webhook'),
    url: secretOrText,
    secret: secretSource.optional().describe('Shared with the receiver, who can tell by it that a message is ours'),
    ...posted,
  }),
  z
    .strictObject({
      type: z.literal('slack'),
      url: secretOrText.optional().describe('Of an incoming webhook'),
      token: secretSource.optional().describe('Of a bot, instead of a webhook'),
      room: text.optional().describe('Where the bot posts: a channel, or its id'),
      api: secretOrText.optional().describe('Where the API of the workspace is'),
      ...posted,
    })
    .refine(({ url, token, room }) => (url === undefined) === (token !== undefined && room !== undefined), {
      message: 'it has either the url of a webhook, or the token of a bot and the room that it posts to',
    }),
  z.strictObject({
    type: z.literal('sms'),
    url: secretOrText,
    to: listOf(name).min(1),
    token: bearer,
    as: z.enum(['json', 'form']).optional(),
    fields: fields.describe('What the gateway wants to read, with {{ to }}, {{ text }}, {{ key }}'),
    ...posted,
  }),
  z.strictObject({
    type: z.literal('ticket'),
    url: secretOrText.describe('Where tickets are made'),
    token: bearer,
    fields: fields.describe('What the ticket system wants to read, with {{ subject }}, {{ body }}, {{ key }}'),
    ...posted,
  }),
  z.strictObject({
    type: z.literal('pagerduty'),
    routingKey: secretSource,
    api: secretOrText.optional().describe('Where events are taken'),
    severity: z.enum(['critical', 'error', 'warning', 'info']).optional().describe('Of messages that say none'),
    ...posted,
  }),
  z.strictObject({
    type: z.literal('smtp'),
    url: secretOrText.describe('smtp://user:password@host:587 (upgraded by STARTTLS), or smtps://'),
    to: listOf(name).min(1),
    from: text.optional(),
    plain: z.boolean().optional().describe('True: without encryption, and so without a password'),
    ...posted,
  }),
]);
export const channelTypes = ['console', 'webhook', 'slack', 'sms', 'ticket', 'pagerduty', 'smtp'];

export const template = z.strictObject({ subject: text.optional(), body: text });

/** How an incident is led, whatever happened. */
export const incidents = z.strictObject({
  statusPage: z
    .strictObject({
      url: text.optional(),
      domain: name.optional(),
      updates: duration.optional(),
      template: name.optional(),
    })
    .optional(),
  states: listOf(z.strictObject({ state: name, means: text.optional() }))
    .optional()
    .describe('What the status page says, in order'),
  log: z
    .strictObject({
      format: text.optional(),
      entries: listOf(text).optional().describe('What is written down, in order'),
      decisions: z.boolean().optional().describe('Every decision with who and why'),
    })
    .optional(),
  report: name.optional().describe('The template of the incident report'),
  review: z
    .strictObject({
      within: duration.optional(),
      with: listOf(name).optional().describe('Roles'),
      agenda: listOf(text).optional(),
      publish: z.boolean().optional(),
    })
    .optional(),
  followUps: listOf(text).optional().describe('What is changed afterwards'),
});

const checklistItem = z.union([
  text,
  z.strictObject({
    do: text,
    by: listOf(name).optional().describe('Roles'),
    every: duration.optional(),
    within: duration.optional(),
    uses: listOf(name).optional(),
  }),
]);

export const checklist = z.union([
  listOf(checklistItem).min(1),
  z.strictObject({
    when: z.enum(['before', 'during', 'after']).optional().describe('Of the recovery'),
    items: listOf(checklistItem).min(1),
  }),
]);

export const review = z.strictObject({
  last: z.iso.date().optional(),
  next: z.iso.date().optional(),
  every: calendars.optional(),
  by: listOf(name).optional().describe('Roles'),
});
