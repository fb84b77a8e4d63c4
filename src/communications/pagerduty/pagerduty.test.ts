import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { notifierSuite } from '../notifier.suite.ts';
import type { Matter, Message } from '../notifier.ts';
import { handsWith } from '../testing/hands.ts';
import { startReceiver, type Posted, type Receiver } from '../testing/receiver.ts';
import { pagerdutyNotifier } from './index.ts';

process.env['LB_TEST_PD_KEY'] = 'R0UTINGKEYOFTHESHOPxxxxxxxxxxxxx';
const routingKey = { env: 'LB_TEST_PD_KEY' };

interface Event {
  readonly routing_key: string;
  readonly event_action: string;
  readonly dedup_key: string;
  readonly payload?: { readonly summary: string; readonly severity: string; readonly custom_details: { body: string } };
}
const eventOf = ({ body }: Posted): Event => JSON.parse(body) as Event;

/** A stand-in for PagerDuty's Events API v2: refuses what PagerDuty refuses, and keeps a case for each key. */
class PagerDuty {
  readonly cases = new Map<string, string>();

  take(posted: Posted): { status: number; body: string } {
    const event = eventOf(posted);
    const errors = [
      ...(event.routing_key.length === 32 ? [] : ["'routing_key' must be 32 characters"]),
      ...(event.dedup_key.length <= 255 ? [] : ["'dedup_key' is too long"]),
      ...(event.event_action !== 'trigger' || (event.payload?.summary ?? '').length <= 1024 ? [] : ['summary']),
      ...(event.event_action !== 'trigger' || event.payload !== undefined ? [] : ["'payload' is missing"]),
    ];
    if (errors.length > 0) return { status: 400, body: JSON.stringify({ status: 'invalid event', errors }) };
    const state = { trigger: 'triggered', acknowledge: 'acknowledged', resolve: 'resolved' }[event.event_action];
    this.cases.set(event.dedup_key, String(state));
    return { status: 202, body: JSON.stringify({ status: 'success', dedup_key: event.dedup_key }) };
  }
}

/** Status and words of an answer come from what was posted, unless it is told to behave otherwise. */
function standIn(receiver: Receiver, pagerduty: PagerDuty): void {
  receiver.says = (posted) => {
    if (receiver.answer !== 200 && receiver.answer !== 202 && receiver.answer !== 400) return { body: 'no' };
    const { status, body } = pagerduty.take(posted);
    receiver.answer = status;
    return { body };
  };
}

notifierSuite('pagerduty', {
  kind: pagerdutyNotifier,
  make: async () => {
    const receiver = await startReceiver();
    standIn(receiver, new PagerDuty());
    return {
      settings: { routingKey, api: receiver.url },
      secrets: ['path-that-lets-one-in'],
      get received() {
        return receiver.posted.map((posted) => {
          const { dedup_key: key, payload } = eventOf(posted);
          return {
            key: key.replace(/^corner-shop\//, ''),
            text: `${payload?.summary} ${payload?.custom_details.body}`,
          };
        });
      },
      behave: (how) => receiver.behave(how),
      destroy: () => receiver.close(),
    };
  },
});

describe('pagerduty', () => {
  const message: Message = {
    key: 'run-1/tell',
    channel: 'pager',
    subject: 'Down',
    body: 'All.',
    atMs: 0,
    plan: 'shop',
  };
  let receiver: Receiver;
  let pagerduty: PagerDuty;
  beforeEach(async () => {
    receiver = await startReceiver();
    pagerduty = new PagerDuty();
    standIn(receiver, pagerduty);
  });
  afterEach(() => receiver.close());

  const send = async (more: Partial<Message> = {}) => {
    const settings = pagerdutyNotifier.schema.parse({ routingKey, api: receiver.url });
    const notifier = await pagerdutyNotifier.open(settings, handsWith());
    return notifier.send({ ...message, ...more }, new AbortController().signal);
  };
  const about = (state: Matter['state']): Partial<Message> => ({
    key: `k-${state}`,
    matter: { id: 'outage', state, severity: 'warning' },
  });

  it('opens one case for a matter, acknowledges it and closes it, by its dedup key', async () => {
    const states: (string | undefined)[] = [];
    for (const state of ['begins', 'goes_on', 'seen', 'ends'] as const) {
      await send(about(state));
      states.push(pagerduty.cases.get('shop/outage'));
    }
    expect(states).toEqual(['triggered', 'triggered', 'acknowledged', 'resolved']);
    expect(pagerduty.cases.size).toBe(1);
    expect(eventOf(receiver.posted[0] as Posted).payload?.severity).toBe('warning');
  });

  it('opens a case of its own for a message that stands for itself', async () => {
    expect(await send()).toEqual({ answer: 'taken as shop/run-1/tell' });
    expect(eventOf(receiver.posted[0] as Posted).payload?.severity).toBe('critical');
  });

  it('keeps within what it takes: a long subject is cut, a long key becomes its hash', async () => {
    await send({ subject: 'x'.repeat(3000), key: 'k'.repeat(600) });
    expect([...pagerduty.cases.values()]).toEqual(['triggered']);
  });

  it('tells why an event is refused, and not the key that it was sent with', async () => {
    process.env['LB_TEST_PD_KEY'] = 'much-too-short-key';
    const refused = await send().catch((error: unknown) => error as Error & { code: string });
    process.env['LB_TEST_PD_KEY'] = 'R0UTINGKEYOFTHESHOPxxxxxxxxxxxxx';
    expect(refused).toMatchObject({ code: 'channel.refused', message: expect.stringContaining('must be 32') });
    expect(JSON.stringify(refused)).not.toContain('much-too-short-key');
  });
});
