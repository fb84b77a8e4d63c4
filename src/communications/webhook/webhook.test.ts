import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import { notifierSuite } from '../notifier.suite.ts';
import type { Message } from '../notifier.ts';
import { handsWith } from '../testing/hands.ts';
import { startReceiver, type Receiver } from '../testing/receiver.ts';
import { webhookNotifier } from './index.ts';
import { isSigned } from './signature.ts';

process.env['LB_TEST_HOOK_SECRET'] = 'shared with the receiver';
const secret = { env: 'LB_TEST_HOOK_SECRET' };
const message = { key: 'run-1/tell', channel: 'ops', subject: 'Down', body: 'Ü', atMs: 0, plan: 'shop' };

notifierSuite('webhook', {
  kind: webhookNotifier,
  make: async () => {
    const receiver = await startReceiver();
    return {
      settings: { url: receiver.url, secret },
      secrets: ['path-that-lets-one-in', 'shared with the receiver'],
      get received() {
        return receiver.posted.map(({ headers, body }) => {
          const { subject, body: text } = JSON.parse(body) as { subject: string; body: string };
          return { key: String(headers['idempotency-key']), text: `${subject} ${text}` };
        });
      },
      came: () => receiver.came,
      behave: (how) => receiver.behave(how),
      destroy: () => receiver.close(),
    };
  },
});

describe('webhook', () => {
  let receiver: Receiver;
  beforeEach(async () => void (receiver = await startReceiver()));
  afterEach(() => receiver.close());

  const send = async (settings: Record<string, unknown>, more: Partial<Message> = {}) => {
    const notifier = await webhookNotifier.open(webhookNotifier.schema.parse(settings), handsWith());
    return notifier.send({ ...message, ...more }, new AbortController().signal);
  };

  it('signs what it sends, with the moment inside: changed, late or under another secret it is not ours', async () => {
    await send({ url: receiver.url, secret });
    const { headers, body } = receiver.posted[0] as (typeof receiver.posted)[0];
    const header = String(headers['lifeboat-signature']);
    const atSeconds = Math.floor(systemClock.now() / 1000);
    const judged = (key: string, sent: string, at = atSeconds) => isSigned(key, header, sent, { atSeconds: at });
    expect(judged('shared with the receiver', body)).toBe(true);
    expect(judged('shared with the receiver', body.replace('Down', 'Fine'))).toBe(false);
    expect(judged('another', body)).toBe(false);
    expect(judged('shared with the receiver', body, atSeconds + 3600)).toBe(false);
    expect(isSigned('shared with the receiver', 'v1=00', body, { atSeconds })).toBe(false);
  });

  it('without a secret carries no signature', async () => {
    await send({ url: receiver.url });
    expect(receiver.posted[0]?.headers).not.toHaveProperty('lifeboat-signature');
  });

  it('tells of the matter that a message is about, inside of what is signed', async () => {
    const matter = { id: 'outage', state: 'ends', severity: 'warning' } as const;
    await send({ url: receiver.url, secret }, { matter });
    expect(JSON.parse(receiver.posted[0]?.body ?? '')).toMatchObject({ matter });
  });

  it('refuses an address that cannot be posted to, without showing it', async () => {
    const url = 'mailto:somebody-secret@shop.example';
    await expect(send({ url })).rejects.toMatchObject({
      code: 'channel.refused',
      message: expect.not.stringContaining('somebody-secret'),
    });
  });

  it('does not know whether a receiver that hung up took it', async () => {
    receiver.answer = 'silent';
    const sent = send({ url: receiver.url });
    await expect.poll(() => receiver.posted.length).toBe(1);
    await receiver.close();
    await expect(sent).rejects.toMatchObject({ code: 'channel.silent' });
  });
});
