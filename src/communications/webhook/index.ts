import { z } from 'zod';
import { readText } from '../../core/index.ts';
import type { Message, NotifierKind } from '../notifier.ts';
import { writtenAt } from '../outbox.ts';
import { addressOf, linkLocal, post, secretOrText, secretSource, taken } from '../posting/index.ts';
import { signatureOf } from './signature.ts';

const schema = z.strictObject({
  url: secretOrText,
  secret: secretSource.optional().describe('Shared with the receiver, who can tell by it that a message is ours'),
  linkLocal,
});

/**
 * Posts a message as JSON. With a `secret` it is signed (`Lifeboat-Signature`, see `signature.ts`). Its key goes with it in `Idempotency-Key`, so that
 * a receiver knows a message that comes again.
 */
export const webhookNotifier: NotifierKind<z.infer<typeof schema>> = {
  type: 'webhook',
  schema,
  twice: 'recognised',
  open: async (settings, { clock }) => {
    const url = await addressOf(settings.url);
    const secret = settings.secret === undefined ? undefined : await readText(settings.secret);
    return {
      // The path of such an address is often what lets one in.
      location: url.origin,
      send: async (message, signal) => {
        const body = bodyOf(message);
        const headers = {
          'content-type': 'application/json',
          'idempotency-key': message.key,
          ...(secret === undefined ? {} : signed(secret, clock.now(), body)),
        };
        return taken(await post({ url, headers, body, linkLocal: settings.linkLocal ?? false, signal }), url, clock);
      },
    };
  },
};

const bodyOf = (message: Message): string => {
  const { key, channel, subject, body, plan, matter } = message;
  return JSON.stringify({ lifeboat: 1, key, plan, channel, subject, body, at: writtenAt(message), matter });
};

const signed = (secret: string, nowMs: number, body: string): Record<string, string> => ({
  'lifeboat-signature': signatureOf(secret, Math.floor(nowMs / 1000), body),
});
