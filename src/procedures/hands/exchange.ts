import { connect, type Socket } from 'node:net';
import { LifeboatError, limits, messageOf, systemClock } from '../../core/index.ts';

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:53`, `[::1]:53`, `ns1.example`. */
export function addressOf(text: string, defaultPort: number): ServerAddress {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) throw new LifeboatError('plan.invalid', `${text} is no address such as 192.0.2.1:53`);
  return { host, port: Number(match?.[3] ?? defaultPort) };
}

/** One message and its answer, each with its length before it, as DNS over TCP has them. */
export const askOverTcp = (server: ServerAddress, message: Buffer, signal: AbortSignal): Promise<Buffer> =>
  exchange(connect({ host: server.host, port: server.port }), {
    shown: `${server.host}:${server.port}`,
    signal,
    send: Buffer.concat([lengthOf(message), message]),
    whole: (bytes) => {
      if (bytes.length < 2 || bytes.length < 2 + bytes.readUInt16BE(0)) return undefined;
      return bytes.subarray(2, 2 + bytes.readUInt16BE(0));
    },
  });

/** One line to a socket of this machine (or `host:port`), and all that comes back until it is closed. */
export async function askLine(socket: string, line: string, signal: AbortSignal): Promise<string> {
  const address = socket.includes('/') ? undefined : addressOf(socket, 0);
  const answer = await exchange(address === undefined ? connect({ path: socket }) : connect({ ...address }), {
    shown: socket,
    signal,
    send: Buffer.from(`${line}\n`),
    whole: () => undefined,
  });
  return answer.toString('utf8').trim();
}

interface Exchange {
  readonly shown: string;
  readonly signal: AbortSignal;
  readonly send: Buffer;
  /** The answer once all of it is there; without one before the other side ends, what came is the answer. */
  whole(bytes: Buffer): Buffer | undefined;
}

function exchange(socket: Socket, { shown, signal, send, whole }: Exchange): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const waiting = new AbortController();
    const end = (act: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      waiting.abort();
      socket.destroy();
      act();
    };
    const fail = (why: string, cause?: unknown): void =>
      end(() => reject(new LifeboatError('target.unreachable', `${shown} does not answer: ${why}`, { cause })));
    const onAbort = (): void =>
      end(() => reject(new LifeboatError('operation.cancelled', `asking ${shown} was stopped on request`)));
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    const seconds = limits.connectTimeoutMs / 1000;
    systemClock.sleep(limits.connectTimeoutMs, waiting.signal).then(
      () => fail(`nothing for ${seconds} s`),
      () => {}, // it answered in time
    );
    socket.on('error', (error) => fail(messageOf(error), error));
    socket.on('connect', () => socket.write(send));
    socket.on('data', (piece) => {
      bytes = Buffer.concat([bytes, piece as Buffer]);
      const answer = whole(bytes);
      if (answer !== undefined) end(() => resolve(answer));
      else if (bytes.length > limits.answerBytesMax) fail('its answer has no end');
    });
    socket.on('end', () => {
      if (bytes.length === 0) fail('it closed the connection');
      else end(() => resolve(bytes));
    });
  });
}

function lengthOf(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return length;
}
