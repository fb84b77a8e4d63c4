import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { notifierSuite } from '../notifier.suite.ts';
import type { Message } from '../notifier.ts';
import { handsWith } from '../testing/hands.ts';
import { startReceiver, type Receiver } from '../testing/receiver.ts';
import { slackNotifier } from './index.ts';

process.env['LB_TEST_SLACK_TOKEN'] = 'xoxb-token-of-the-bot';
const token = { env: 'LB_TEST_SLACK_TOKEN' };
const textsOf = (receiver: Receiver): { text: string }[] =>
  receiver.posted.map(({ body }) => ({ text: (JSON.parse(body) as { text: string }).text }));

notifierSuite('slack, by webhook', {
  kind: slackNotifier,
  make: async () => {
    const receiver = await startReceiver();
    return {
      settings: { url: receiver.url },
      secrets: ['path-that-lets-one-in'],
      get received() {
        return textsOf(receiver);
      },
      came: () => receiver.came,
      behave: (how) => receiver.behave(how),
      destroy: () => receiver.close(),
    };
  },
});

notifierSuite('slack, as a bot', {
  kind: slackNotifier,
  make: async () => {
    const receiver = await startReceiver();
    receiver.says = slackItself;
    return {
      settings: { token, room: '#ops', api: receiver.url },
      secrets: ['xoxb-token-of-the-bot', 'path-that-lets-one-in'],
      get received() {
        return textsOf(receiver);
      },
      came: () => receiver.came,
      behave: (how) => receiver.behave(how),
      destroy: () => receiver.close(),
    };
  },
});

/** A stand-in for Slack's `chat.postMessage`: checks the token, the room and the path as Slack does, and says no with status 200. */
function slackItself({ headers, body, path }: Receiver['posted'][0]): { body: string } {
  const { channel, text } = JSON.parse(body) as { channel?: string; text?: string };
  const error = !path.endsWith('/chat.postMessage')
    ? 'unknown_method'
    : headers.authorization !== 'Bearer xoxb-token-of-the-bot'
      ? 'invalid_auth'
      : channel !== '#ops'
        ? 'channel_not_found'
        : text === undefined || text === ''
          ? 'no_text'
          : undefined;
  return { body: JSON.stringify(error === undefined ? { ok: true, ts: '1764.5' } : { ok: false, error }) };
}

describe('slack', () => {
  const message: Message = { key: 'k', channel: 'ops', subject: 'Down', body: '', atMs: 0, plan: 'shop' };
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
    receiver.says = slackItself;
  });
  afterEach(() => receiver.close());

  const send = async (more: Record<string, unknown>, words: Partial<Message> = {}) => {
    const settings = slackNotifier.schema.parse({ token, room: '#ops', api: receiver.url, ...more });
    const notifier = await slackNotifier.open(settings, handsWith());
    return notifier.send({ ...message, ...words }, new AbortController().signal);
  };

  it('says under which moment a bot posted', async () => {
    expect(await send({})).toEqual({ answer: 'posted as 1764.5' });
  });

  it('knows a no that comes with status 200, and what of them passes by itself', async () => {
    await expect(send({ room: '#elsewhere' })).rejects.toMatchObject({
      code: 'channel.refused',
      message: expect.stringContaining('channel_not_found'),
    });
    receiver.says = () => ({ body: '{"ok":false,"error":"ratelimited"}', headers: { 'retry-after': '30' } });
    await expect(send({})).rejects.toMatchObject({ code: 'channel.unreachable', retryAfterMs: 30_000 });
    receiver.says = () => ({ body: '<html>a proxy</html>' });
    await expect(send({})).rejects.toMatchObject({ code: 'channel.refused' });
  });

  it('mentions nobody, and hides nothing behind a link', async () => {
    await send({}, { body: '<!channel> <https://evil.example|look here> & more' });
    expect(textsOf(receiver)[0]?.text).toContain('&lt;!channel&gt; &lt;https://evil.example|look here&gt; &amp; more');
  });

  it('cuts what is long between characters and escapes, never through one', async () => {
    await send({}, { subject: '🛟'.repeat(2_000), body: '&'.repeat(2_000) });
    expect(textsOf(receiver)[0]?.text).toMatch(/^\*(🛟)+…\*\n(&amp;)+…\n_shop_$/u);
  });

  it.each([[{}], [{ token, room: '#ops', url: 'https://hooks.slack.example' }], [{ token }], [{ room: '#ops' }]])(
    'is either a webhook or a bot with a room: not %j',
    (settings) => expect(slackNotifier.schema.safeParse(settings).success).toBe(false),
  );
});
