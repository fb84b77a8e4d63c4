import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { notifierSuite } from '../notifier.suite.ts';
import type { Matter, Message } from '../notifier.ts';
import { handsWith } from '../testing/hands.ts';
import { startReceiver, type Receiver } from '../testing/receiver.ts';
import { ticketNotifier } from './index.ts';

process.env['LB_TEST_TICKET_TOKEN'] = 'token-of-the-tickets';

notifierSuite('ticket', {
  kind: ticketNotifier,
  make: async () => {
    const receiver = await startReceiver();
    return {
      settings: { url: receiver.url, token: { env: 'LB_TEST_TICKET_TOKEN' } },
      secrets: ['path-that-lets-one-in', 'token-of-the-tickets'],
      get received() {
        return receiver.posted.map(({ body }) => {
          const { title, body: text } = JSON.parse(body) as { title: string; body: string };
          return { text: `${title} ${text}` };
        });
      },
      came: () => receiver.came,
      behave: (how) => receiver.behave(how),
      destroy: () => receiver.close(),
    };
  },
});

describe('a ticket', () => {
  const message: Message = { key: 'k', channel: 'desk', subject: 'Down', body: 'All.', atMs: 0, plan: 'shop' };
  let receiver: Receiver;
  beforeEach(async () => void (receiver = await startReceiver()));
  afterEach(() => receiver.close());
  const send = async (settings: Record<string, unknown> = {}, state?: Matter['state']) => {
    const parsed = ticketNotifier.schema.parse({ url: receiver.url, ...settings });
    const matter = state === undefined ? {} : { matter: { id: 'm', state, severity: 'critical' as const } };
    return (await ticketNotifier.open(parsed, handsWith())).send(
      { ...message, ...matter },
      new AbortController().signal,
    );
  };

  it.each([
    ['{"id":"10001","key":"OPS-7","self":"https://tracker.example/10001"}', 'made OPS-7'],
    ['{"number":12,"html_url":"https://forge.example/ops/12"}', 'made https://forge.example/ops/12'],
    ['thanks', '201: thanks'],
  ])('is told by the name that it was given: %s', async (body, answer) => {
    receiver.answer = 201;
    receiver.says = () => ({ body });
    expect(await send()).toEqual({ answer });
  });

  it('is made in the words of the ticket system', async () => {
    const fields = {
      fields: { project: { key: 'OPS' }, summary: '{{ subject }}', description: '{{ body }} {{ plan }}' },
    };
    await send({ fields });
    expect(JSON.parse(receiver.posted[0]?.body ?? '')).toEqual({
      fields: { project: { key: 'OPS' }, summary: 'Down', description: 'All. shop' },
    });
  });

  it('is made once for a matter: what goes on or ends makes no other', async () => {
    const sent = [];
    for (const state of ['begins', 'goes_on', 'seen', 'ends'] as const) sent.push(await send({}, state));
    expect(receiver.posted).toHaveLength(1);
    // So that a ticket system that is away does not count as there because of them.
    expect(sent.map(({ notSent = false }) => notSent)).toEqual([false, true, true, true]);
  });
});
