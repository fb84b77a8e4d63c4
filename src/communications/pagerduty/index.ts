import { createHash } from 'node:crypto';
import { z } from 'zod';
import { readSecret } from '../../core/index.ts';
import type { Matter, Message, NotifierKind } from '../notifier.ts';
import { writtenAt } from '../outbox.ts';
import {
  addressOf,
  cutTo,
  linkLocal,
  objectOf,
  post,
  secretOrText,
  secretSource,
  shortened,
  taken,
} from '../posting/index.ts';

const schema = z.strictObject({
  routingKey: secretSource,
  api: secretOrText.optional().describe('Where events are taken'),
  severity: z.enum(['critical', 'error', 'warning', 'info']).optional().describe('Of messages that say none'),
  linkLocal,
});

/** What PagerDuty takes of each (of an event in all: 512 KB); more is cut by us, or it would refuse all. */
const summaryCharactersMax = 1_024;
const bodyCharactersMax = 50_000;
const keyCharactersMax = 255;

/**
 * Events API v2. One case for each matter, by its `dedup_key`: triggered when it begins (again: updated), acknowledged when somebody works on it,
 * resolved when it ends. A message without a matter is a case of its own.
 */
export const pagerdutyNotifier: NotifierKind<z.infer<typeof schema>> = {
  type: 'pagerduty',
  schema,
  twice: 'recognised',
  opensCases: true,
  open: async ({ routingKey, api, severity = 'critical', linkLocal: near = false }, { clock }) => {
    const key = (await readSecret(routingKey)).reveal();
    const url = await addressOf(api ?? 'https://events.pagerduty.com/v2/enqueue');
    return {
      location: url.origin,
      send: async (message, signal) => {
        const body = JSON.stringify({ routing_key: key, ...eventOf(message, severity) });
        const answer = await post({
          url,
          headers: { 'content-type': 'application/json' },
          body,
          linkLocal: near,
          signal,
        });
        const short = taken(answer, url, clock);
        const { status, dedup_key: under } = objectOf(answer);
        return status === 'success' ? { answer: `taken as ${shortened(String(under))}` } : short;
      },
    };
  },
};

const actions: Readonly<Record<Matter['state'], string>> = {
  begins: 'trigger',
  goes_on: 'trigger',
  seen: 'acknowledge',
  ends: 'resolve',
};

function eventOf(message: Message, severity: string): Record<string, unknown> {
  const { matter, key, plan, subject, body, channel } = message;
  const id = `${plan}/${matter?.id ?? key}`;
  const common = {
    event_action: actions[matter?.state ?? 'begins'],
    dedup_key: id.length <= keyCharactersMax ? id : createHash('sha256').update(id).digest('hex'),
  };
  if (common.event_action !== 'trigger') return common;
  return {
    ...common,
    client: 'Lifeboat',
    payload: {
      summary: cutTo(subject, summaryCharactersMax),
      source: plan,
      severity: matter?.severity ?? severity,
      timestamp: writtenAt(message),
      custom_details: { body: cutTo(body, bodyCharactersMax), key, channel },
    },
  };
}
