import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { z } from 'zod';
import { readText, Secret } from '../../core/index.ts';
import type { Message, NotifierKind } from '../notifier.ts';
import { linkLocal, oneOrMore, reachable, secretOrText, shortened } from '../posting/index.ts';
import { failureOf, type Reached } from './failure.ts';
import { connected, serverOf } from './server.ts';

const schema = z.strictObject({
  url: secretOrText.describe('smtp://user:password@host:587 (upgraded by STARTTLS), or smtps://'),
  to: oneOrMore,
  from: z.string().min(1).optional(),
  plain: z.boolean().optional().describe('True: without encryption, and so without a password'),
  linkLocal,
});

/** Mail, through the server of whoever sends it. It leaves encrypted, unless the plan says otherwise or the server is this machine. */
export const smtpNotifier: NotifierKind<z.infer<typeof schema>> = {
  type: 'smtp',
  schema,
  twice: 'seen',
  open: async (settings, hands) => {
    const server = serverOf(new Secret(await readText(settings.url)).reveal(), settings.plain ?? false);
    const to = reachable(settings.to, 'email', hands);
    const from = settings.from ?? usualSender(server.user, to[0]?.at ?? '');
    return {
      location: `${server.host}:${server.port}, ${settings.to.join(', ')}`,
      send: async (message, signal) => {
        const { createTransport } = await import('nodemailer');
        const reached: Reached = { wholly: false };
        const socket = await connected(server, settings.linkLocal ?? false, signal).catch((error: unknown) => {
          throw failureOf(error, server, reached);
        });
        const transport = createTransport({
          host: server.host,
          port: server.port,
          secure: server.secure,
          requireTLS: !server.secure && server.encrypted,
          ignoreTLS: !server.encrypted,
          ...(server.user === undefined
            ? {}
            : { auth: { user: server.user, pass: server.password ?? '' }, forceAuth: true }),
          tls: isIP(server.host) === 0 ? { servername: server.host } : {},
          logger: listening(reached),
          disableFileAccess: true,
          disableUrlAccess: true,
          getSocket: (_: unknown, callback: (error: null, options: object) => void) =>
            callback(null, { connection: socket }),
        });
        try {
          const sent = await transport.sendMail({
            ...mailOf(message),
            from,
            to: to.map(({ name, at }) => ({ name, address: at })),
            signal,
          });
          return { answer: answerOf(sent.response, sent.rejected) };
        } catch (error) {
          throw failureOf(error, server, reached);
        } finally {
          transport.close();
          socket.destroy();
        }
      },
    };
  },
};

/** A server takes mail from its own user, or from its own domain, most likely. */
const usualSender = (user: string | undefined, to: string): string =>
  user?.includes('@') === true ? user : `lifeboat@${to.split('@').at(-1)}`;

/** The library says nowhere else that the whole text has left. Nothing of its words is kept. */
function listening(reached: Reached): Record<string, (entry: { readonly tnx?: string }) => void> {
  const look = ({ tnx }: { readonly tnx?: string }): void => {
    if (tnx === 'message') reached.wholly = true;
  };
  const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
  return Object.fromEntries(levels.map((level) => [level, look]));
}

/** What several messages tell of one matter, mail programs show as one thread; a message that comes again has the same id. */
function mailOf(message: Message): Record<string, unknown> {
  const { key, subject, body, plan, matter } = message;
  const id = (text: string): string =>
    `<${createHash('sha256').update(`${plan}/${text}`).digest('hex').slice(0, 40)}@lifeboat.invalid>`;
  const thread = matter === undefined ? {} : { references: id(`matter/${matter.id}`) };
  return {
    subject: subject.replaceAll(/\s+/g, ' '),
    text: `${body}\n\n-- \nLifeboat, plan ${plan}\n`,
    messageId: id(key),
    date: new Date(message.atMs),
    ...thread,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Lifeboat-Key': key.replaceAll(/[^\x21-\x7e]/g, '_') },
    ...(matter?.state === 'begins' && matter.severity === 'critical' ? { priority: 'high' } : {}),
  };
}

function answerOf(response: string, rejected: readonly unknown[]): string {
  const not = rejected.length === 0 ? '' : `; ${rejected.length} address${rejected.length === 1 ? '' : 'es'} refused`;
  return `${shortened(response)}${not}`;
}
