import { isLifeboatError, LifeboatError, messageOf, systemCodeOf } from '../../core/index.ts';
import { shortened } from '../posting/index.ts';
import type { MailServer } from './server.ts';

/** How far it came. */
export interface Reached {
  /** The whole text was handed to the connection: the server may have it without having said so. */
  wholly: boolean;
}

/** What the mail library knows of a failure: what the server answered, and to which command. */
interface MailError {
  readonly responseCode?: number;
  readonly response?: string;
  readonly command?: string;
}

/** What a failure means for the message. Nothing of what was sent is in its words: a server repeats passwords now and then. */
export function failureOf(error: unknown, server: MailServer, { wholly }: Reached): LifeboatError {
  if (isLifeboatError(error)) return error;
  const { responseCode, response, command } = error as MailError;
  const place = `${server.host}:${server.port}`;
  if (responseCode !== undefined && responseCode >= 400) {
    const words = `${place} answers ${shortened(response ?? String(responseCode))}`;
    // 4xx: later, says the protocol, and means greylisting, full queues and too many at once.
    return responseCode < 500
      ? new LifeboatError('channel.unreachable', words, { cause: error })
      : new LifeboatError('channel.refused', words, { hint: hintOf(command), cause: error });
  }
  const why = systemCodeOf(error) === 'ECONNREFUSED' ? 'connection refused' : shortened(messageOf(error));
  const code = isFinal(error) ? 'channel.refused' : wholly ? 'channel.silent' : 'channel.unreachable';
  return new LifeboatError(code, `${place}: ${why}`, { cause: error });
}

/** No attempt makes a server encrypt, know a user, or take an empty list. */
const isFinal = (error: unknown): boolean =>
  ['ETLS', 'EAUTH', 'ENOAUTH', 'EENVELOPE'].includes(systemCodeOf(error) ?? '');

const hintOf = (command: string | undefined): string =>
  command?.startsWith('AUTH') === true
    ? 'Look at the user and the password in the url of this channel.'
    : 'Look at the addresses of its contacts, and at `from`.';
