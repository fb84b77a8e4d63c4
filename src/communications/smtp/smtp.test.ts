import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runProcess } from '../../core/index.ts';
import { notifierSuite } from '../notifier.suite.ts';
import type { Message } from '../notifier.ts';
import { handsWith } from '../testing/hands.ts';
import { localCertificate, mailUser, startMailServer, type Mail, type MailBox } from '../testing/mail-server.ts';
import { smtpNotifier } from './index.ts';
import { serverOf } from './server.ts';

const trusted = getCACertificates('default');
const hasOpenssl = await runProcess(['openssl', 'version']).then(
  ({ exitCode }) => exitCode === 0,
  () => false,
);

/** The text of a mail, as a person reads it. */
function read(raw: string): string {
  const [head = '', ...rest] = raw.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  const text = /quoted-printable/i.test(head)
    ? Buffer.from(
        body
          .replaceAll(/=\r?\n/g, '')
          .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => `%${hex}`)
          .replaceAll(/%(?![0-9A-F]{2})/g, '%25'),
      ).toString()
    : /base64/i.test(head)
      ? encodeURIComponent(Buffer.from(body, 'base64').toString('utf8'))
      : body;
  return `${/^Subject: (.*)$/m.exec(head)?.[1]} ${decodeURIComponent(text)}`;
}

notifierSuite('smtp', {
  kind: smtpNotifier,
  make: async () => {
    const server = await startMailServer();
    return {
      settings: { url: `smtp://localhost:${server.port}`, to: ['duty', 'lead'] },
      secrets: ['pass-of-the-mail'],
      get received() {
        return server.mails.map(({ raw }) => ({ text: read(raw) }));
      },
      came: () => server.came,
      behave: (how) => server.behave(how),
      destroy: () => server.close(),
    };
  },
});

const message: Message = {
  key: 'run-1/tell',
  channel: 'desk',
  subject: 'Down\r\nBcc: everybody@evil.example',
  body: 'We know.',
  atMs: Date.parse('2026-11-21T10:00:00Z'),
  plan: 'shop',
};

describe('mail', () => {
  let server: MailBox | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
    setDefaultCACertificates(trusted);
  });

  const send = async (url: string, more: Record<string, unknown> = {}, words: Partial<Message> = {}) => {
    const settings = smtpNotifier.schema.parse({ url, to: ['duty', 'lead'], ...more });
    const notifier = await smtpNotifier.open(settings, handsWith());
    return notifier.send({ ...message, ...words }, new AbortController().signal);
  };
  const first = (): Mail => server?.mails[0] as Mail;

  it('goes to the contacts, once for each message, and no line of a subject becomes a header', async () => {
    server = await startMailServer();
    expect(await send(`smtp://localhost:${server.port}`)).toEqual({ answer: expect.stringContaining('queued as 7') });
    expect(first()).toMatchObject({ from: 'lifeboat@shop.example', to: ['duty@shop.example', 'lead@shop.example'] });
    const head = first().raw.split('\r\n\r\n')[0] as string;
    expect(head).not.toMatch(/^Bcc:/m);
    expect(head).toMatch(/^Auto-Submitted: auto-generated$/m);
  });

  it('that comes again has the same id, and those of one matter stand in one thread', async () => {
    server = await startMailServer();
    const url = `smtp://localhost:${server.port}`;
    const matter = { id: 'outage', state: 'begins', severity: 'critical' } as const;
    await send(url, {}, { matter });
    await send(url, {}, { matter });
    await send(url, {}, { matter: { ...matter, state: 'ends' }, key: 'other' });
    const of = (name: string): string[] =>
      (server?.mails ?? []).map(({ raw }) => new RegExp(`^${name}: (.*)$`, 'm').exec(raw)?.[1] ?? '');
    const [id, again, other] = of('Message-ID');
    expect([again === id, other === id]).toEqual([true, false]);
    expect(new Set(of('References')).size).toBe(1);
  });

  it('reaches who can be reached, and says how many could not', async () => {
    server = await startMailServer();
    server.unknown.add('lead@shop.example');
    const { answer } = await send(`smtp://localhost:${server.port}`);
    expect([answer, first().to]).toEqual([expect.stringContaining('1 address refused'), ['duty@shop.example']]);
    server.unknown.add('duty@shop.example');
    await expect(send(`smtp://localhost:${server.port}`)).rejects.toMatchObject({ code: 'channel.refused' });
  });

  it('needs a contact with an address, and says whose is missing', async () => {
    await expect(send('smtp://localhost:1', { to: ['nobody'] })).rejects.toMatchObject({
      code: 'channel.refused',
      message: 'the contact nobody has no email',
    });
  });

  it('is not sent where credentials are handed out, whatever the plan calls a mail server (SSRF)', async () => {
    await expect(send('smtp://169.254.169.254:80')).rejects.toMatchObject({ code: 'channel.refused' });
  });

  it('a server that hangs up behind the text has not said whether it has it', async () => {
    server = await startMailServer({ onData: (stream) => void stream.on('end', () => server?.hangUp()).resume() });
    await expect(send(`smtp://localhost:${server.port}`)).rejects.toMatchObject({ code: 'channel.silent' });
  });

  it('a server that hangs up before has nothing', async () => {
    server = await startMailServer({ onMailFrom: () => server?.hangUp() });
    await expect(send(`smtp://localhost:${server.port}`)).rejects.toMatchObject({ code: 'channel.unreachable' });
  });
});

describe.skipIf(!hasOpenssl)(
  `mail, encrypted${hasOpenssl ? '' : ' (no openssl, which makes the certificates)'}`,
  () => {
    let pem: { key: string; cert: string };
    let server: MailBox | undefined;
    beforeAll(async () => void (pem = await localCertificate()));
    afterEach(async () => {
      await server?.close();
      server = undefined;
      setDefaultCACertificates(trusted);
    });
    afterAll(() => setDefaultCACertificates(trusted));

    const sender = `${mailUser.user}:${mailUser.password}@`;
    const send = async (url: string) => {
      const notifier = await smtpNotifier.open(smtpNotifier.schema.parse({ url, to: 'duty' }), handsWith());
      return notifier.send(message, new AbortController().signal);
    };

    it('is encrypted from the first byte on with smtps://', async () => {
      server = await startMailServer({ secure: true, ...pem });
      setDefaultCACertificates([...trusted, pem.cert]);
      await send(`smtps://${sender}localhost:${server.port}`);
      expect(server.mails).toMatchObject([{ secure: true, user: 'shop' }]);
    });

    it('is encrypted before anything is said with smtp:// to another machine', async () => {
      server = await startMailServer({ ...pem }, '127.0.0.2');
      setDefaultCACertificates([...trusted, pem.cert]);
      await send(`smtp://${sender}127.0.0.2:${server.port}`);
      expect(server.mails).toMatchObject([{ secure: true, user: 'shop' }]);
    });

    it('is not said to another machine that does not encrypt', async () => {
      server = await startMailServer({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] }, '127.0.0.2');
      await expect(send(`smtp://${sender}127.0.0.2:${server.port}`)).rejects.toMatchObject({ code: 'channel.refused' });
      expect(server.mails).toEqual([]);
    });

    it('goes to nobody whose certificate is not trusted', async () => {
      server = await startMailServer({ secure: true, ...pem });
      await expect(send(`smtps://${sender}localhost:${server.port}`)).rejects.toThrow('self-signed certificate');
      expect(server.mails).toEqual([]);
    });

    it('with a wrong password is refused, and the password that a server repeats is not shown', async () => {
      server = await startMailServer({ secure: true, ...pem });
      setDefaultCACertificates([...trusted, pem.cert]);
      const refused = await send(`smtps://shop:wrong-pass-of-the-mail@localhost:${server.port}`).catch(
        (error: unknown) => error as Error & { code: string; hint: string },
      );
      expect(refused).toMatchObject({ code: 'channel.refused', hint: expect.stringContaining('password') });
      expect(`${(refused as Error).message}`).not.toContain('wrong-pass-of-the-mail');
    });
  },
);

describe('a mail server', () => {
  it.each([
    ['smtp://mail.example', { port: 25, secure: false, encrypted: true }],
    ['smtp://kim:secret@mail.example', { port: 587, secure: false, encrypted: true, user: 'kim' }],
    ['smtps://kim:p%40ss@mail.example', { port: 465, secure: true, encrypted: true, password: 'p@ss' }],
    ['smtp://localhost:2525', { port: 2525, encrypted: false }],
    ['smtp://[::1]:2525', { host: '::1', encrypted: false }],
  ])('%s', (text, expected) => expect(serverOf(text, false)).toMatchObject(expected));

  it('of somebody else that is to be talked to in plain text gets no password', () => {
    expect(() => serverOf('smtp://kim:secret@mail.example', true)).toThrow('for everybody to read');
    expect(serverOf('smtp://mail.example', true)).toMatchObject({ encrypted: false });
  });

  it.each(['https://mail.example', 'kim:secret-of-kim@mail.example', ''])('is none: %s', (text) => {
    expect(() => serverOf(text, false)).toThrow(
      expect.objectContaining({ code: 'channel.refused', message: expect.not.stringContaining('secret-of-kim') }),
    );
  });
});
