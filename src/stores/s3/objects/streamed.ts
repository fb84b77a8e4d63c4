import { isLifeboatError, LifeboatError, limits } from '../../../core/index.ts';
import type { Client } from '../transport/client.ts';
import { download } from './download.ts';
import { repeatPart } from './repeat.ts';

/**
 * The bytes of an object of any size, part by part, with a few parts under way ahead of the reader. All of them are of one version: the tag of the
 * first answer goes with each request. Throws `store.missing`, `store.frozen`, and `store.io` where the object was replaced meanwhile.
 */
export async function* streamed(
  client: Client,
  key: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  const { bytes, tag } = await headOf(client, key, signal);
  const ended = new AbortController();
  const stop = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
  const ahead: Promise<Buffer>[] = [];
  let asked = 0;
  try {
    for (let given = 0; given < bytes;) {
      while (asked < bytes && ahead.length < limits.storePartsAhead) {
        const range = { offset: asked, length: Math.min(limits.storePartBytes, bytes - asked) };
        const part = download(client, { key, tag, range, signal: stop });
        part.catch(() => {}); // whoever reads this far hears it
        ahead.push(part);
        asked += range.length;
      }
      const part = await (ahead.shift() as Promise<Buffer>);
      given += part.length;
      if (part.length === 0) throw new LifeboatError('store.io', 'the object became shorter', { where: key });
      yield part;
    }
  } catch (error) {
    throw isLifeboatError(error, 'store.exists') ? replaced(client.where(key), error) : error;
  } finally {
    ended.abort();
    await Promise.allSettled(ahead);
  }
}

async function headOf(
  client: Client,
  key: string,
  signal: AbortSignal | undefined,
): Promise<{ bytes: number; tag: string | undefined }> {
  const { status, headers } = await repeatPart(client.clock, signal, () =>
    client.send({ method: 'HEAD', key, accept: [404], signal }),
  );
  if (status === 404) throw new LifeboatError('store.missing', 'the object is not there', { where: client.where(key) });
  return { bytes: Number(headers['content-length']), tag: headers.etag };
}

const replaced = (where: string, cause: LifeboatError): LifeboatError =>
  new LifeboatError('store.io', 'the object was replaced while it was read', { where, cause });
