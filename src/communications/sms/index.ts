import { z } from 'zod';
import { isLifeboatError, readSecret, type LifeboatError } from '../../core/index.ts';
import type { Message, NotifierKind } from '../notifier.ts';
import { textOfMessage } from '../outbox.ts';
import {
  addressOf,
  bodyOfFields,
  cutTo,
  fields,
  headersOf,
  linkLocal,
  oneOrMore,
  post,
  reachable,
  secretOrText,
  secretSource,
  taken,
  type Fields,
} from '../posting/index.ts';

const schema = z.strictObject({
  url: secretOrText,
  to: oneOrMore,
  token: secretSource.optional().describe('Goes along as a bearer; a user and a password may stand in the url'),
  as: z.enum(['json', 'form']).optional(),
  fields: fields.optional().describe('What the gateway wants to read, with {{ to }}, {{ text }}, {{ key }}'),
  linkLocal,
});

/** Three parts of a text message: what is longer costs more, and is read on a lock screen by nobody. */
const charactersMax = 459;
const usual: Fields = { to: '{{ to }}', text: '{{ text }}', key: '{{ key }}' };

/** Text messages through the gateway of whoever sends them: a request for each number, in the words that the gateway wants. */
export const smsNotifier: NotifierKind<z.infer<typeof schema>> = {
  type: 'sms',
  schema,
  twice: 'seen',
  open: async (settings, hands) => {
    const url = await addressOf(settings.url);
    const token = settings.token === undefined ? undefined : (await readSecret(settings.token)).reveal();
    const numbers = reachable(settings.to, 'phone', hands).map(({ at }) =>
      at.replaceAll(/[\s()./\u2010-\u2015-]/g, ''),
    );
    return {
      location: `${url.origin}, ${settings.to.join(', ')}`,
      send: async (message, signal) => {
        const one = async (to: string): Promise<{ answer: string }> => {
          const text = textOf(message);
          const { body, type } = bodyOfFields(settings.fields ?? usual, settings.as ?? 'json', message, { to, text });
          const headers = headersOf(type, url, token, `${message.key}/${to}`);
          return taken(
            await post({ url, headers, body, linkLocal: settings.linkLocal ?? false, signal }),
            url,
            hands.clock,
          );
        };
        return summed(await inTurn(numbers, one));
      },
    };
  },
};

const textOf = (message: Message): string => cutTo(textOfMessage(message), charactersMax);

type Result = { readonly answer: string } | { readonly error: LifeboatError };

/** Whom the first of them reached is not to get it twice because of the second: what fails for one is noted, and the next one is told. */
async function inTurn(
  numbers: readonly string[],
  send: (to: string) => Promise<{ answer: string }>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const to of numbers) {
    try {
      results.push(await send(to));
    } catch (error) {
      if (!isLifeboatError(error)) throw error;
      results.push({ error });
    }
  }
  return results;
}

function summed(results: readonly Result[]): { answer: string } {
  const failed = results.flatMap((one) => ('error' in one ? [one.error] : []));
  const told = results.flatMap((one) => ('answer' in one ? [one.answer] : []));
  const [first] = failed;
  // Nobody was told: what may have arrived is not sent again, else what may be taken later decides.
  const worst = ['channel.silent', 'channel.unreachable'].map((code) => failed.find((one) => one.code === code));
  if (told.length === 0 && first !== undefined) throw worst.find((one) => one !== undefined) ?? first;
  const not = first === undefined ? '' : `; ${failed.length} of ${results.length} not told: ${first.message}`;
  return { answer: `${told[0] ?? ''}${not}` };
}
