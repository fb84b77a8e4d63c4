import type { IncomingMessage } from 'node:http';
import { LifeboatError, limits } from '../../../core/index.ts';
import { throwIfStopped } from '../../stopped.ts';
import type { Client } from '../transport/client.ts';
import { wayError } from '../transport/errors.ts';
import { atOnce, repeatPart } from './repeat.ts';

export interface Download {
  readonly key: string;
  /** With it that version is meant. */
  readonly version?: string | undefined;
  /** Only while the object has this tag; `store.exists` otherwise. */
  readonly tag?: string | undefined;
  readonly range?: { readonly offset: number; readonly length: number } | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How much is asked for before the size is known: a pack comes in one request. */
const firstBytes = 2 * limits.storePartBytes;

/**
 * The bytes of an object or of a range. A body that breaks off is gone on with where it broke, a large object comes in several ranges
 * at once; all of them by the tag of the first answer, so that no two versions are ever mixed.
 */
export async function download(client: Client, asked: Download): Promise<Buffer> {
  const { offset, length } = asked.range ?? { offset: 0, length: Infinity };
  if (length === 0) return nothing(client, asked);
  const first = await repeatPart(client.clock, asked.signal, () =>
    openRange(client, asked, offset, Math.min(length, firstBytes), asked.tag),
  );
  if (first === undefined) return Buffer.alloc(0);
  const { message, total, tag } = first;
  const bytes = Math.min(length, total - offset);
  if (bytes > limits.storeObjectBytesMax) {
    message.destroy();
    throw odd(client.where(asked.key), `${total} bytes, more than anything here has`);
  }
  const room = Buffer.allocUnsafeSlow(bytes);
  const later = ranges(first.bytes, bytes);
  await atOnce(
    [
      () => fill(client, asked, tag, offset, room.subarray(0, first.bytes), message),
      ...later.map(
        ({ from, to }) =>
          () =>
            fill(client, asked, tag, offset + from, room.subarray(from, to)),
      ),
    ],
    limits.storePartsAtOnce,
  );
  return room;
}

/** No byte is asked for; whether the object is there is. */
async function nothing(client: Client, { key, version, signal }: Download): Promise<Buffer> {
  const query: Record<string, string> = version === undefined ? {} : { versionId: version };
  await client.send({ method: 'GET', key, query, headers: { range: 'bytes=0-0' }, accept: [416], signal });
  return Buffer.alloc(0);
}

interface Opened {
  readonly message: IncomingMessage;
  /** Of this answer, and of the whole object. */
  readonly bytes: number;
  readonly total: number;
  readonly tag: string | undefined;
}

/** Undefined where the object ends before the range. */
async function openRange(
  client: Client,
  { key, version, signal }: Download,
  from: number,
  length: number,
  tag?: string,
): Promise<Opened | undefined> {
  const where = client.where(key);
  const message = await client.open({
    method: 'GET',
    key,
    query: version === undefined ? {} : { versionId: version },
    headers: { range: `bytes=${from}-${from + length - 1}`, ...(tag === undefined ? {} : { 'if-match': tag }) },
    accept: [416],
    signal,
  });
  if (message.statusCode === 416) {
    message.destroy();
    return undefined;
  }
  const announced = Number(message.headers['content-length']);
  const [, begin, , whole] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(message.headers['content-range'] ?? '') ?? [];
  const total = whole === undefined ? announced : Number(whole);
  const expected = Math.min(length, total - from);
  // A server that knows no ranges sends everything: that is right only where everything was meant.
  const right = begin === undefined ? from === 0 && announced <= length : Number(begin) === from;
  if (!right || announced !== expected || !Number.isSafeInteger(total)) {
    message.destroy();
    throw odd(where, `a range of ${announced} bytes for one of ${expected}`);
  }
  return { message, bytes: announced, total, tag: message.headers.etag };
}

/** Fills the room from `from` on, in as many answers as it takes. */
async function fill(
  client: Client,
  asked: Download,
  tag: string | undefined,
  from: number,
  room: Buffer,
  opened?: IncomingMessage,
): Promise<void> {
  let message = opened;
  let filled = 0;
  for (let fruitless = 0; filled < room.length;) {
    const before = filled;
    try {
      message ??= (await openRange(client, asked, from + filled, room.length - filled, tag))?.message;
      if (message === undefined) throw odd(client.where(asked.key), 'an end before its end');
      // Node gives no more than was announced; whatever else stands behind is not this answer.
      await receive(message, (piece) => (filled += piece.copy(room, filled)));
      if (filled < room.length) throw odd(client.where(asked.key), 'fewer bytes than it announced');
    } catch (error) {
      throwIfStopped(asked.signal);
      const ours = changedMeanwhile(wayError(error, client.where(asked.key)), client.where(asked.key));
      fruitless = filled > before ? 0 : fruitless + 1;
      if (ours.retry !== 'later' || fruitless > limits.storePartAttemptsMax) throw ours;
      await client.clock.sleep(limits.storeRetryMs * fruitless, asked.signal);
    } finally {
      message?.destroy();
      message = undefined;
    }
  }
}

/** By events: an iterator costs as much as the rest of the work where pieces are small. */
function receive(message: IncomingMessage, take: (piece: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    message.on('data', take);
    message.once('end', resolve);
    message.once('error', reject);
    message.once('close', () => reject(new Error('the connection ended before the answer did')));
  });
}

/** The condition of the tag failed: the object was replaced while it was read, and is read anew as a whole. */
const changedMeanwhile = (error: LifeboatError, where: string): LifeboatError =>
  error.code === 'store.exists'
    ? new LifeboatError('store.io', 'the object was replaced while it was read', { where, cause: error })
    : error;

function ranges(from: number, to: number): { from: number; to: number }[] {
  const count = Math.ceil((to - from) / limits.storePartBytes);
  return Array.from({ length: count }, (_, n) => ({
    from: from + n * limits.storePartBytes,
    to: Math.min(to, from + (n + 1) * limits.storePartBytes),
  }));
}

const odd = (where: string, what: string): LifeboatError =>
  new LifeboatError('store.io', `the store gave ${what}`, { where });
