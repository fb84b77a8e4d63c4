import { readFile } from 'node:fs/promises';
import { createServer as createPlainServer, type Server as PlainServer } from 'node:net';
import { createServer, getCACertificates, setDefaultCACertificates, type Server } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort, mustSucceed, runProcess } from '../../core/index.ts';
import { clockAhead, frame, LivePlace } from './testing/live-place.ts';

const dayMs = 86_400_000;

const hasOpenssl = await runProcess(['openssl', 'version']).then(
  ({ exitCode }) => exitCode === 0,
  () => false,
);

const plan = (
  url: string,
): string => `${frame}assets: { docs: { type: files, path: ./docs, domain: here, policy: daily } }
channels: { ops: { type: webhook, url: ${url} } }
`;

describe('check --live: names and certificates', () => {
  let place: LivePlace;
  let server: Server | PlainServer | undefined;
  const trusted = getCACertificates('default');

  beforeEach(async () => {
    place = await LivePlace.make(plan('http://127.0.0.1:1/hook'));
    await place.makeFolder('docs');
  });
  afterEach(async () => {
    setDefaultCACertificates(trusted);
    await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
    server = undefined;
    await place.remove();
  });

  const ofChannel = async (url: string, changed: Parameters<LivePlace['check']>[0] = {}): Promise<string[]> => {
    await place.write(plan(url));
    const findings = (await place.check(changed)).filter(({ line }) => line === 8);
    return findings.map(({ severity, code, message }) => `${severity} ${code}: ${message}`);
  };

  /** A server with a certificate of its own that is good for so many days. */
  async function listen(days: number, name = 'localhost'): Promise<{ port: number; certificate: string }> {
    const [key, certificate] = [place.path('key.pem'), place.path('certificate.pem')];
    await mustSucceed(
      ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', `${days}`]
        .concat(['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`])
        .concat(['-keyout', key, '-out', certificate]),
    );
    const pem = await readFile(certificate, 'utf8');
    const made = createServer({ key: await readFile(key), cert: pem });
    // Whoever only looks at the certificate ends the connection without a word.
    made.on('tlsClientError', () => {});
    made.on('secureConnection', (socket) => socket.on('error', () => {}));
    server = made;
    return { port: await portOf(made), certificate: pem };
  }

  it('says nothing of a host that resolves and of a certificate that fits and lasts', async ({ skip }) => {
    skip(!hasOpenssl, 'openssl is not installed, which makes the certificates');
    const { port, certificate } = await listen(90);
    setDefaultCACertificates([...trusted, certificate]);
    expect(await ofChannel(`https://localhost:${port}/hook`)).toEqual([]);
    expect(await ofChannel('smtp://localhost:25')).toEqual([]);
  });

  it('live.certificate: close to its end, with the days that are left, and expired', async ({ skip }) => {
    skip(!hasOpenssl, 'openssl is not installed, which makes the certificates');
    const { port, certificate } = await listen(5);
    setDefaultCACertificates([...trusted, certificate]);
    const url = `https://localhost:${port}/hook`;
    const [close] = await ofChannel(url);
    expect(close).toMatch(
      /^warning live\.certificate: the channel ops: the certificate of localhost expires on 20..-..-.., in (5|4) days/,
    );
    const [expired] = await ofChannel(url, { clock: clockAhead(10 * dayMs) });
    expect(expired).toMatch(/^error live\.certificate: .* expired on 20..-..-.., (5|4) days.* ago$/);
  });

  it('live.certificate: not trusted here, or made for another name', async ({ skip }) => {
    skip(!hasOpenssl, 'openssl is not installed, which makes the certificates');
    const { port, certificate } = await listen(90, 'elsewhere.example');
    const url = `https://localhost:${port}/hook`;
    expect(await ofChannel(url)).toEqual([
      'warning live.certificate: the channel ops: the certificate of localhost is not accepted here: DEPTH_ZERO_SELF_SIGNED_CERT',
    ]);
    setDefaultCACertificates([...trusted, certificate]);
    expect(await ofChannel(url)).toEqual([
      'warning live.certificate: the channel ops: the certificate of localhost is not accepted here: it is for other names',
    ]);
  });

  it('live.endpoint_silent: nobody listens; live.unknown: somebody does, and says nothing', async () => {
    const port = await freePort();
    expect(await ofChannel(`https://localhost:${port}/hook`)).toEqual([
      `warning live.endpoint_silent: the channel ops: no encrypted connection to localhost, port ${port}: ECONNREFUSED`,
    ]);
    // It reads, so that it sees the end, and answers nothing.
    const mute = createPlainServer((socket) => void socket.on('error', () => {}).resume());
    server = mute;
    const mutePort = await portOf(mute);
    expect(await ofChannel(`https://localhost:${mutePort}/hook`, { timeoutMs: 300 })).toEqual([
      `error live.unknown: the channel ops: localhost did not answer on port ${mutePort} in 0 s`,
    ]);
  });

  it('live.name_unresolved: the resolver knows no such name; when it does not answer, nothing is known', async () => {
    const refusing = (code: string) => ({
      lookup: () => Promise.reject(Object.assign(new Error(`getaddrinfo ${code} hooks.example`), { code })),
    });
    const url = 'https://hooks.example/hook';
    expect(await ofChannel(url, refusing('ENOTFOUND'))).toEqual([
      'error live.name_unresolved: the channel ops leans on hooks.example, and no such name is known',
    ]);
    expect(await ofChannel(url, refusing('EAI_AGAIN'))).toEqual([
      'error live.unknown: whether hooks.example, which the channel ops leans on, has an address is not known',
    ]);
  });

  it('never shows the host of an address that stands in a secret', async () => {
    process.env['LB_LIVE_HOOK'] = 'https://very-private.example/T0KEN-of-the-hook';
    const lookup = () => Promise.reject(Object.assign(new Error('no very-private.example'), { code: 'ENOTFOUND' }));
    const said = await ofChannel('{ env: LB_LIVE_HOOK }', { lookup });
    expect(said).toEqual([
      'error live.name_unresolved: the channel ops leans on the host in environment variable LB_LIVE_HOOK, and no such name is known',
    ]);
  });
});

function portOf(server: Server | PlainServer): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, 'localhost', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
