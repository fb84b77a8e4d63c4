import { z } from 'zod';
import { LifeboatError, readSecret } from '../../core/index.ts';
import type { Message, NotifierKind } from '../notifier.ts';
import {
  addressOf,
  cutTo,
  linkLocal,
  objectOf,
  post,
  refused,
  secretOrText,
  secretSource,
  shortened,
  taken,
  waitOf,
  type Answer,
} from '../posting/index.ts';

const schema = z
  .strictObject({
    url: secretOrText.optional().describe('Of an incoming webhook'),
    token: secretSource.optional().describe('Of a bot, instead of a webhook'),
    room: z.string().min(1).optional().describe('Where the bot posts: a channel, or its id'),
    api: secretOrText.optional().describe('Where the API of the workspace is'),
    linkLocal,
  })
  .refine(({ url, token, room }) => (url === undefined) === (token !== undefined && room !== undefined), {
    message: 'it has either the url of a webhook, or the token of a bot and the room that it posts to',
  });
type Settings = z.infer<typeof schema>;

/** Slack cuts what is longer, and shows the rest behind a click. */
const charactersMax = 3_000;
/** What passes by itself; every other word of its API goes on being a no. */
const later = [
  'ratelimited',
  'rate_limited',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
];

/** Posts to Slack, through an incoming webhook or as a bot (`chat.postMessage`). Slack knows no message again: people would see it twice. */
export const slackNotifier: NotifierKind<Settings> = {
  type: 'slack',
  schema,
  twice: 'seen',
  open: async (settings, { clock }) => {
    const { room, token } = settings;
    const asBot = token !== undefined;
    const url = asBot
      ? new URL('chat.postMessage', withSlash(await addressOf(settings.api ?? 'https://slack.com/api/')))
      : await addressOf(settings.url ?? '');
    const bearer: Record<string, string> = asBot
      ? { authorization: `Bearer ${(await readSecret(token)).reveal()}` }
      : {};
    return {
      location: asBot ? `${url.origin}, ${room}` : url.origin,
      send: async (message, signal) => {
        const text = textOf(message);
        const body = JSON.stringify(asBot ? { channel: room, text, unfurl_links: false } : { text });
        const headers = { 'content-type': 'application/json; charset=utf-8', ...bearer };
        const answer = await post({ url, headers, body, linkLocal: settings.linkLocal ?? false, signal });
        const short = taken(answer, url, clock);
        if (!asBot) return short;
        const { ok, error, ts } = objectOf(answer);
        if (ok === true) return { answer: `posted as ${shortened(String(ts))}` };
        throw noOf(typeof error === 'string' ? error : short.answer, answer, url, clock);
      },
    };
  },
};

/** Its API says no with status 200. */
function noOf(error: string, answer: Answer, url: URL, clock: Parameters<typeof waitOf>[1]): LifeboatError {
  const words = `${url.origin} answers ${shortened(error)}`;
  return later.includes(error)
    ? new LifeboatError('channel.unreachable', words, waitOf(answer, clock))
    : refused(words);
}

const withSlash = (url: URL): URL => (url.pathname.endsWith('/') ? url : new URL(`${url.href}/`));

/** The three signs by which Slack would mention people, link, or hide something. */
const plain = (text: string): string =>
  cutTo(text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'), charactersMax).replace(
    /&[a-z]{0,3}…$/,
    '…',
  );

const textOf = ({ subject, body, plan }: Message): string =>
  [`*${plain(subject)}*`, plain(body), `_${plain(plan)}_`].filter((line) => line !== '').join('\n');
