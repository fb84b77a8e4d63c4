import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo, Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { mustSucceed, systemClock } from '../../core/index.ts';
import type { Behaviour } from '../notifier.suite.ts';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came: headers, an empty line, the text. */
  readonly raw: string;
  /** Whether it came encrypted, and from whom. */
  readonly secure: boolean;
  readonly user: string | undefined;
}

/** A real mail server of ours, on this machine: smtp-server of npm, with real sockets, STARTTLS and sign-in. */
export interface MailBox {
  readonly port: number;
  readonly mails: Mail[];
  /** Each text that came, whether it was taken or not. */
  readonly came: readonly string[];
  /** How often anybody connected to it, whatever was said then. */
  readonly connections: number;
  /** Addresses that it does not know. */
  readonly unknown: Set<string>;
  behave(how: Behaviour): Promise<void>;
  /** Ends every connection without a word. */
  hangUp(): void;
  close(): Promise<void>;
}

export const mailUser = { user: 'shop', password: 'pass-of-the-mail' } as const;

/** A certificate for `localhost` and 127.0.0.2, and its key, made by openssl. */
export async function localCertificate(): Promise<{ key: string; cert: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-mail-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    await mustSucceed(
      ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
        .concat(['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.2'])
        .concat(['-keyout', key, '-out', cert]),
    );
    return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function startMailServer(options: SMTPServerOptions = {}, host = 'localhost'): Promise<MailBox> {
  const mails: Mail[] = [];
  const came: string[] = [];
  const unknown = new Set<string>();
  let how: Behaviour = 'takes';
  const server = new SMTPServer({
    authOptional: true,
    // Quiet: what a client does wrong here is what is tested.
    logger: false,
    closeTimeout: 500,
    onAuth: ({ username, password }, _, callback) => {
      if (username === mailUser.user && password === mailUser.password) return callback(null, { user: username });
      callback(Object.assign(new Error(`no such user ${username} with ${password}`), { responseCode: 535 }));
    },
    onRcptTo: ({ address }, _, callback) =>
      callback(unknown.has(address) ? Object.assign(new Error('no such mailbox'), { responseCode: 550 }) : null),
    onData: async (stream, session, callback) => {
      const pieces: Buffer[] = [];
      for await (const piece of stream) pieces.push(piece as Buffer);
      const raw = Buffer.concat(pieces).toString('utf8');
      came.push(raw);
      if (how === 'is silent') return void systemClock.sleep(60_000, ending.signal).catch(() => {}); // the test is over
      const responseCode = how === 'refuses' ? 554 : how === 'is full' ? 452 : undefined;
      if (responseCode !== undefined) return callback(Object.assign(new Error('not now'), { responseCode }));
      const { mailFrom, rcptTo } = session.envelope;
      mails.push({
        from: mailFrom === false ? '' : mailFrom.address,
        to: rcptTo.map(({ address }) => address),
        raw,
        secure: session.secure,
        user: session.user,
      });
      callback(null, 'queued as 7');
    },
    ...options,
  });
  const ending = new AbortController();
  let connections = 0;
  server.server.on('connection', () => void (connections += 1));
  server.on('error', () => {}); // of one connection: the client tells it, too
  await new Promise<void>((resolve) => server.listen(0, host, () => resolve()));
  const close = (): Promise<void> => {
    ending.abort();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    came,
    get connections() {
      return connections;
    },
    unknown,
    hangUp: () => {
      for (const { _socket: socket } of server.connections as Set<unknown> as Set<{ _socket: Socket }>)
        socket.destroy();
    },
    behave: async (next) => {
      if (next === 'is away') await close();
      how = next;
    },
    close,
  };
}
