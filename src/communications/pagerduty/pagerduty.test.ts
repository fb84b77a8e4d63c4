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
  readonly payload?: {
    readonly summary: string;
    readonly source: string;
    readonly severity: string;
    readonly timestamp: string;
    readonly custom_details: { readonly body: string };
  };
}
const eventOf = ({ body }: Posted): Event => JSON.parse(body) as Event;

const actions = ['trigger', 'acknowledge', 'resolve'];
const severities = ['critical', 'error', 'warning', 'info'];
const isText = (value: unknown, charactersMax = Infinity): boolean =>
  typeof value === 'string' && value !== '' && value.length <= charactersMax;

/** What is wrong with an event, by the documentation of Events API v2. */
function errorsOf(event: Partial<Event>, { headers, body }: Posted): string[] {
  const { payload } = event;
  const triggers = event.event_action === 'trigger';
  const isMoment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(payload?.timestamp ?? '');
  const wrong: readonly (readonly [boolean, string])[] = [
    [headers['content-type'] !== 'application/json', 'the body is not JSON'],
    [Buffer.byteLength(body) > 512 * 1024, 'Event is too large'],
    [!isText(event.routing_key) || event.routing_key?.length !== 32, "'routing_key' must be 32 characters"],
    [!actions.includes(event.event_action ?? ''), "'event_action' is unknown"],
    [!isText(event.dedup_key, 255), "'dedup_key' is missing or too long"],
    [triggers && !isText(payload?.summary, 1024), "'payload.summary' is missing or too long"],
    [triggers && !isText(payload?.source), "'payload.source' is missing"],
    [triggers && !severities.includes(payload?.severity ?? ''), "'payload.severity' is unknown"],
    [triggers && !isMoment, "'payload.timestamp' is not ISO 8601"],
  ];
  return wrong.flatMap(([is, words]) => (is ? [words] : []));
}

/**
 * A stand-in for PagerDuty's Events API v2: refuses what PagerDuty refuses, and keeps incidents as it does: a trigger opens one for its key, or is added
 * to the one that is open and leaves it acknowledged; what is not open is neither acknowledged nor resolved.
 */
class PagerDuty {
  /** Every incident that was ever opened, in order. */
  readonly incidents: { readonly key: string; state: string }[] = [];

  take(posted: Posted): { status: number; body: string } {
    const event = eventOf(posted);
    const errors = errorsOf(event, posted);
    if (errors.length > 0)
      return {
        status: 400,
        body: JSON.stringify({ status: 'invalid event', message: 'Event object is invalid', errors }),
      };
    const { dedup_key: key, event_action: action } = event;
    const open = this.incidents.find((one) => one.key === key && one.state !== 'resolved');
    if (action === 'trigger' && open === undefined) this.incidents.push({ key, state: 'triggered' });
    else if (open !== undefined && action !== 'trigger')
      open.state = action === 'resolve' ? 'resolved' : 'acknowledged';
    return { status: 202, body: JSON.stringify({ status: 'success', message: 'Event processed', dedup_key: key }) };
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
      came: () => receiver.came,
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

  it('opens one incident for a matter, acknowledges it and resolves it, by its dedup key; a reminder wakes nobody again', async () => {
    const states: (string | undefined)[] = [];
    for (const state of ['begins', 'goes_on', 'seen', 'goes_on', 'ends'] as const) {
      await send(about(state));
      states.push(pagerduty.incidents.at(-1)?.state);
    }
    expect(states).toEqual(['triggered', 'triggered', 'acknowledged', 'acknowledged', 'resolved']);
    expect(pagerduty.incidents.map(({ key }) => key)).toEqual(['shop/outage']);
    const events = receiver.posted.map(eventOf);
    expect(events.map(({ event_action: action }) => action)).toEqual([
      'trigger',
      'trigger',
      'acknowledge',
      'trigger',
      'resolve',
    ]);
    expect(events.map(({ payload }) => payload?.severity)).toEqual([
      'warning',
      'warning',
      undefined,
      'warning',
      undefined,
    ]);
  });

  it('opens nothing by what somebody works on or what is over, where nothing is open', async () => {
    await send(about('seen'));
    await send(about('ends'));
    expect([receiver.posted.length, pagerduty.incidents]).toEqual([2, []]);
  });

  it('opens a case of its own for a message that stands for itself', async () => {
    expect(await send()).toEqual({ answer: 'taken as shop/run-1/tell' });
    expect(eventOf(receiver.posted[0] as Posted).payload?.severity).toBe('critical');
  });

  it('keeps within what it takes: what is long is cut between characters, a long key becomes its hash', async () => {
    await send({ subject: `x${'🛟'.repeat(3_000)}`, body: '\u0000'.repeat(600_000), key: 'k'.repeat(600) });
    expect(pagerduty.incidents).toMatchObject([{ state: 'triggered' }]);
    expect(eventOf(receiver.posted[0] as Posted).payload?.summary).toMatch(/^x(🛟)+…$/u);
  });

  it('tells why an event is refused, and not the key that it was sent with', async () => {
    process.env['LB_TEST_PD_KEY'] = 'much-too-short-key';
    const refused = await send().catch((error: unknown) => error as Error & { code: string });
    process.env['LB_TEST_PD_KEY'] = 'R0UTINGKEYOFTHESHOPxxxxxxxxxxxxx';
    expect(refused).toMatchObject({ code: 'channel.refused', message: expect.stringContaining('must be 32') });
    expect(JSON.stringify(refused)).not.toContain('much-too-short-key');
  });
});
