import { fill } from '../../plan/index.ts';
import type { Message } from '../notifier.ts';
import { textOfMessage, writtenAt } from '../outbox.ts';
import type { Fields } from './settings.ts';

export type BodyForm = 'json' | 'form';

/** The fields with what the message says in the place of `{{ names }}`; a value is filled in once, and never read as a template itself. */
export function bodyOfFields(
  fields: Fields,
  form: BodyForm,
  message: Message,
  more: Readonly<Record<string, string>> = {},
): { readonly body: string; readonly type: string } {
  const { key, channel, subject, body, plan, matter } = message;
  const facts = {
    key,
    channel,
    subject,
    body,
    plan,
    text: textOfMessage(message),
    at: writtenAt(message),
    severity: matter?.severity ?? 'critical',
    ...more,
  };
  const filled = filledIn(fields, facts);
  if (form === 'json') return { body: JSON.stringify(filled), type: 'application/json' };
  const pairs = Object.entries(filled as Record<string, unknown>).map(([name, one]): [string, string] => [
    name,
    String(one),
  ]);
  return { body: new URLSearchParams(pairs).toString(), type: 'application/x-www-form-urlencoded' };
}

function filledIn(value: unknown, facts: Readonly<Record<string, unknown>>): unknown {
  if (typeof value === 'string') return fill(value, facts).text;
  if (Array.isArray(value)) return value.map((one) => filledIn(one, facts));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filledIn(one, facts)]));
}
