import { z } from 'zod';
import { readSecret } from '../../core/index.ts';
import type { NotifierKind } from '../notifier.ts';
import {
  addressOf,
  bodyOfFields,
  fields,
  headersOf,
  linkLocal,
  objectOf,
  post,
  secretOrText,
  secretSource,
  shortened,
  taken,
  type Fields,
} from '../posting/index.ts';

const schema = z.strictObject({
  url: secretOrText.describe('Where tickets are made, such as …/rest/api/2/issue'),
  token: secretSource.optional().describe('Goes along as a bearer; a user and a password may stand in the url'),
  fields: fields.optional().describe('What the ticket system wants to read, with {{ subject }}, {{ body }}, {{ key }}'),
  linkLocal,
});

const usual: Fields = { title: '{{ subject }}', body: '{{ body }}', severity: '{{ severity }}', key: '{{ key }}' };
/** Under which of these a ticket system says what it made, the most readable first. */
const names = ['html_url', 'web_url', 'key', 'number', 'iid', 'id'];

/**
 * Makes a ticket, in the words that the ticket system wants. Only what begins makes one: reminders and ends are not sent, for a ticket is worked on and
 * closed by people.
 */
export const ticketNotifier: NotifierKind<z.infer<typeof schema>> = {
  type: 'ticket',
  schema,
  twice: 'seen',
  open: async (settings, { clock }) => {
    const url = await addressOf(settings.url);
    const token = settings.token === undefined ? undefined : (await readSecret(settings.token)).reveal();
    return {
      location: url.origin,
      send: async (message, signal) => {
        if (message.matter !== undefined && message.matter.state !== 'begins')
          return { answer: 'not sent: its ticket is closed by people', notSent: true };
        const { body, type } = bodyOfFields(settings.fields ?? usual, 'json', message);
        const headers = headersOf(type, url, token, message.key);
        const answer = await post({ url, headers, body, linkLocal: settings.linkLocal ?? false, signal });
        const short = taken(answer, url, clock);
        const made = objectOf(answer);
        const name = names.map((one) => made[one]).find((one) => typeof one === 'string' || typeof one === 'number');
        return name === undefined ? short : { answer: `made ${shortened(String(name))}` };
      },
    };
  },
};
