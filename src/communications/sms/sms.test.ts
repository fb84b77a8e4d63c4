import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { notifierSuite } from '../notifier.suite.ts';
import type { Message } from '../notifier.ts';
import { handsWith } from '../testing/hands.ts';
import { startReceiver, type Receiver } from '../testing/receiver.ts';
import { smsNotifier } from './index.ts';

process.env['LB_TEST_SMS_TOKEN'] = 'token-of-the-gateway';

notifierSuite('sms', {
  kind: smsNotifier,
  make: async () => {
    const receiver = await startReceiver();
    return {
      settings: { url: receiver.url, to: 'duty', token: { env: 'LB_TEST_SMS_TOKEN' } },
      secrets: ['path-that-lets-one-in', 'token-of-the-gateway'],
      get received() {
        return receiver.posted.map(({ body }) => ({ text: (JSON.parse(body) as { text: string }).text }));
      },
      came: () => receiver.came,
      behave: (how) => receiver.behave(how),
      destroy: () => receiver.close(),
    };
  },
});

describe('text messages', () => {
  const message: Message = { key: 'k', channel: 'sms', subject: 'Down', body: 'All.', atMs: 0, plan: 'shop' };
  let receiver: Receiver;
  beforeEach(async () => void (receiver = await startReceiver()));
  afterEach(() => receiver.close());
  const send = async (settings: Record<string, unknown>, words: Partial<Message> = {}) => {
    const parsed = smsNotifier.schema.parse({ url: receiver.url, to: ['duty', 'lead'], ...settings });
    return (await smsNotifier.open(parsed, handsWith())).send({ ...message, ...words }, new AbortController().signal);
  };
  const bodies = (): { to: string; text: string }[] =>
    receiver.posted.map(({ body }) => JSON.parse(body) as { to: string; text: string });

  it('go to each number, as a gateway wants it: digits alone, and a bearer', async () => {
    await send({ token: { env: 'LB_TEST_SMS_TOKEN' } });
    expect(bodies().map(({ to }) => to)).toEqual(['+49300000000', '+49300000001']);
    expect(receiver.posted.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-of-the-gateway',
      'Bearer token-of-the-gateway',
    ]);
  });

  it('reach a number whatever signs people wrote it with', async () => {
    await send({ to: 'dashes' });
    expect(bodies().map(({ to }) => to)).toEqual(['+49301＃2']);
    expect(receiver.posted[0]?.headers['idempotency-key']).toBe('k/+49301_2');
  });

  it('in the words of a gateway that wants a form, with its user in the address', async () => {
    const url = receiver.url.replace('http://', 'http://AC1:auth%20token@');
    await send({ url, to: 'duty', as: 'form', fields: { To: '{{ to }}', From: '+1500', Body: '{{ text }}' } });
    const { body, headers } = receiver.posted[0] as (typeof receiver.posted)[0];
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      To: '+49300000000',
      From: '+1500',
      Body: 'Down\nAll.',
    });
    expect(headers.authorization).toBe(`Basic ${Buffer.from('AC1:auth token').toString('base64')}`);
  });

  it('are short', async () => {
    await send({ to: 'duty' }, { body: 'x'.repeat(5000) });
    expect(bodies()[0]?.text).toHaveLength(459);
  });

  it('that reach one of two are told, and say so: nobody gets them twice because of the other', async () => {
    receiver.says = ({ body }) => {
      receiver.answer = body.includes('0000001') ? 503 : 200;
      return { body: '' };
    };
    expect(await send({})).toEqual({ answer: expect.stringContaining('1 of 2 not told: http://127.0.0.1') });
    await expect(send({ to: 'lead' })).rejects.toMatchObject({ code: 'channel.unreachable' });
  });

  it('that reach nobody are worth another attempt when one of the numbers is, whichever comes first', async () => {
    receiver.says = ({ body }) => {
      receiver.answer = body.includes('0000001') ? 503 : 400;
      return { body: '', headers: { 'retry-after': '7' } };
    };
    for (const to of [
      ['duty', 'lead'],
      ['lead', 'duty'],
    ])
      await expect(send({ to })).rejects.toMatchObject({ code: 'channel.unreachable', retryAfterMs: 7_000 });
  });

  it('are cut between characters, never through one', async () => {
    await send({ to: 'duty' }, { subject: 'xy', body: '🛟'.repeat(500) });
    expect(bodies()[0]?.text).toMatch(/^xy\n(🛟)+…$/u);
  });

  it('need a contact with a number', async () => {
    await expect(send({ to: 'nobody' })).rejects.toMatchObject({ message: 'the contact nobody has no phone' });
  });
});
