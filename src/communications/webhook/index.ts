import { z } from 'zod';
import { LifeboatError, messageOf, readText, Secret, systemCodeOf } from '../../core/index.ts';
import type { Message, NotifierKind } from '../notifier.ts';
import { writtenAt } from '../outbox.ts';
import { signatureOf } from './signature.ts';

const source = z.union([
  z.strictObject({ env: z.string() }),
  z.strictObject({ file: z.string() }),
  z.strictObject({ exec: z.tuple([z.string()], z.string()) }),
]);
const schema = z.strictObject({
  url: z.union([z.string().min(1), source]),
  secret: source.optional().describe('Shared with the receiver, who can tell by it that a message is ours'),
});

/** So much of what a receiver says is kept: its first line says why. */
const answerCharactersMax = 200;

/**
 * Posts a message as JSON. With a `secret` it is signed (`Lifeboat-Signature`, see `signature.ts`). Its key goes with it in `Idempotency-Key`, so that
 * a receiver knows a message that comes again. A redirect is not followed: it would tell somebody else.
 */
export const webhookNotifier: NotifierKind<z.infer<typeof schema>> = {
  type: 'webhook',
  schema,
  twice: 'recognised',
  open: async (settings, { clock }) => {
    const url = addressOf(new Secret(await readText(settings.url)).reveal());
    const secret = settings.secret === undefined ? undefined : await readText(settings.secret);
    return {
      // The path of such an address is often what lets one in.
      location: url.origin,
      send: async (message, signal) => {
        const body = bodyOf(message);
        const signature = secret === undefined ? {} : signed(secret, clock.now(), body);
        return post(url, body, { ...signature, 'idempotency-key': message.key }, signal);
      },
    };
  },
};

const bodyOf = (message: Message): string => {
  const { key, channel, subject, body, plan } = message;
  return JSON.stringify({ lifeboat: 1, key, plan, channel, subject, body, at: writtenAt(message) });
};

const signed = (secret: string, nowMs: number, body: string): Record<string, string> => ({
  'lifeboat-signature': signatureOf(secret, Math.floor(nowMs / 1000), body),
});

async function post(
  url: URL,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<{ answer: string }> {
  const { status, text } = await answered(url, body, headers, signal);
  const said = text === '' ? '' : `: ${text}`;
  if (status >= 200 && status < 300) return { answer: `${status}${said}` };
  // What is full, or broken for a moment, may take it a little later; what says no goes on saying it.
  const later = status === 408 || status === 425 || status === 429 || status >= 500;
  throw new LifeboatError(
    later ? 'channel.unreachable' : 'channel.refused',
    `${url.origin} answers ${status}${said}`,
    later ? {} : { hint: 'Look at the address and the secret of this channel.' },
  );
}

/** What a system says before the first byte left. */
const notConnected = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
];

async function answered(
  url: URL,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json', connection: 'close', ...headers },
      body,
      signal,
    });
    return { status: response.status, text: await startOf(response) };
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const neverBegan = notConnected.includes(systemCodeOf(cause) ?? '');
    const why = systemCodeOf(cause) === 'ECONNREFUSED' ? 'connection refused' : messageOf(cause);
    const code = neverBegan ? 'channel.unreachable' : 'channel.silent';
    throw new LifeboatError(code, `${url.origin}: ${why}`, { cause: error });
  }
}

async function startOf(response: Response): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece as Uint8Array, { stream: true });
    if (text.length >= answerCharactersMax) break; // leaving the loop ends the answer
  }
  return text.trim().slice(0, answerCharactersMax);
}

function addressOf(text: string): URL {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text);
  throw new LifeboatError('channel.refused', 'the address of this channel is not one that can be posted to', {
    hint: 'It begins with https:// (or http://).',
  });
}
