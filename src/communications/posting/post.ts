import { request as plainRequest, type IncomingMessage } from 'node:http';
import { request as secureRequest } from 'node:https';
import { isLifeboatError, LifeboatError, messageOf, systemCodeOf } from '../../core/index.ts';
import { guardedLookup, mayConnect } from './forbidden.ts';

export interface Post {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** True: also to an address that machines ask for their credentials. */
  readonly linkLocal: boolean;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  /** At most `answerBytesMax` of it. */
  readonly text: string;
  readonly retryAfter: string | undefined;
}

/** What says whether it was taken, and under which name, is short; a page of a proxy is not read to its end. */
const answerBytesMax = 64 * 2 ** 10;

/**
 * Posts once and gives what was answered, whatever it is. A redirect is not followed: it would tell somebody else. Throws `channel.refused` for a place
 * that is asked nothing, `channel.unreachable` when no byte of the message left, `channel.silent` when some may have.
 */
export async function post(sending: Post): Promise<Answer> {
  const { url, linkLocal, signal } = sending;
  mayConnect(url.hostname, linkLocal);
  const state = { connected: false };
  try {
    signal.throwIfAborted();
    const response = await responseTo(sending, state);
    const retryAfter = response.headers['retry-after'];
    return { status: response.statusCode ?? 0, text: await startOf(response), retryAfter };
  } catch (error) {
    if (isLifeboatError(error)) throw error;
    const why = systemCodeOf(error) === 'ECONNREFUSED' ? 'connection refused' : messageOf(error);
    const code = state.connected ? 'channel.silent' : 'channel.unreachable';
    throw new LifeboatError(code, `${url.origin}: ${why}`, { cause: error });
  }
}

function responseTo(sending: Post, state: { connected: boolean }): Promise<IncomingMessage> {
  const { url, headers, body, linkLocal, signal } = sending;
  const secure = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const request = (secure ? secureRequest : plainRequest)(
      url,
      {
        method: 'POST',
        agent: false,
        lookup: guardedLookup(linkLocal),
        signal,
        headers: {
          'user-agent': 'lifeboat',
          ...headers,
          'content-length': String(Buffer.byteLength(body)),
          connection: 'close',
        },
      },
      resolve,
    );
    request.on('error', reject);
    request.on('socket', (socket) =>
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        state.connected = true;
      }),
    );
    request.end(body);
  });
}

async function startOf(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response) {
    pieces.push(piece as Buffer);
    bytes += (piece as Buffer).length;
    if (bytes >= answerBytesMax) break; // leaving the loop ends the answer
  }
  return Buffer.concat(pieces).subarray(0, answerBytesMax).toString('utf8').trim();
}
