import { connect } from 'node:net';
import { z } from 'zod';
import { LifeboatError, messageOf } from '../../core/index.ts';
import type { CheckKind } from '../check.ts';

const schema = z.union([
  z.string().regex(/^(\[[0-9a-f:.]+\]|[^\s:/]+):\d{1,5}$/i, 'it must be HOST:PORT'),
  z.strictObject({ host: z.string().min(1), port: z.int().min(1).max(65_535) }),
]);
type Settings = z.infer<typeof schema>;

/** `tcp: 127.0.0.1:5432`: somebody accepts connections there. Gives `open` and `ms`. */
export const tcpCheck: CheckKind<Settings> = {
  kind: 'tcp',
  schema,
  describe: (settings) => `a connection to ${shownAddress(settings)}`,
  observe: async (settings, context) => {
    const { host, port } = addressOf(settings);
    const startedMs = context.clock.elapsed();
    await connected(host, port, context.signal);
    const ms = context.clock.elapsed() - startedMs;
    const observed = `${shownAddress(settings)} accepts connections`;
    return { variables: { open: true, ms }, ok: true, expected: 'an open port', observed };
  },
};

function addressOf(settings: Settings): { host: string; port: number } {
  if (typeof settings !== 'string') return settings;
  const colon = settings.lastIndexOf(':');
  return { host: settings.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(settings.slice(colon + 1)) };
}

const shownAddress = (settings: Settings): string =>
  typeof settings === 'string' ? settings : `${settings.host}:${settings.port}`;

function connected(host: string, port: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, ...(signal === undefined ? {} : { signal }) });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', (error) => {
      socket.destroy();
      reject(
        new LifeboatError('check.unanswered', `${host}:${port} cannot be reached: ${messageOf(error)}`, {
          cause: error,
        }),
      );
    });
  });
}
