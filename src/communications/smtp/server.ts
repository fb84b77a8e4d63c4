import { connect, type Socket } from 'node:net';
import { LifeboatError } from '../../core/index.ts';
import { guardedLookup, mayConnect } from '../posting/index.ts';

export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** Encrypted from the first byte on. */
  readonly secure: boolean;
  /** Encrypted before anything is said. */
  readonly encrypted: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
}

/** Of `smtp://user:password@host:587` and `smtps://…`. Throws `channel.refused`, with nothing of the address in it. */
export function serverOf(text: string, plain: boolean): MailServer {
  const refuse = (words: string, hint: string): LifeboatError => new LifeboatError('channel.refused', words, { hint });
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^smtps?:$/.test(url.protocol) || url.hostname === '')
    throw refuse('the address of this channel is none of a mail server', 'It begins with smtp:// or smtps://.');
  const secure = url.protocol === 'smtps:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const isHere = ['localhost', '127.0.0.1', '::1'].includes(host);
  const password = url.password === '' ? undefined : decodeURIComponent(url.password);
  const encrypted = secure || !(plain || isHere);
  if (plain && password !== undefined && !isHere)
    throw refuse('a password would be sent for everybody to read', 'Take plain: true away, or the password.');
  return {
    host,
    port: Number(url.port || (secure ? 465 : password === undefined ? 25 : 587)),
    secure,
    encrypted,
    user: url.username === '' ? undefined : decodeURIComponent(url.username),
    password,
  };
}

/** A connection that no name can turn to a place that is asked nothing. Throws `channel.refused`, and what the system says. */
export async function connected({ host, port }: MailServer, linkLocal: boolean, signal: AbortSignal): Promise<Socket> {
  mayConnect(host, linkLocal);
  signal.throwIfAborted();
  const socket = connect({ host, port, lookup: guardedLookup(linkLocal) });
  const ended = (): void => void socket.destroy(new Error('ended before it was connected'));
  signal.addEventListener('abort', ended, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve());
      socket.once('error', reject);
    });
    return socket;
  } finally {
    signal.removeEventListener('abort', ended);
  }
}
