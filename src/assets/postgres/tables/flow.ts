import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from, to } from 'pg-copy-streams';
import { LifeboatError, type Progress } from '../../../core/index.ts';

/** Bytes between two reports of progress. */
const reportBytes = 2 ** 20;

/** Rows of one server into a table of another, as they come: memory does not grow with them. Returns how many. */
export async function copyBetween(
  source: { client: Client; sql: string },
  target: { client: Client; sql: string },
  progress: Progress,
): Promise<number> {
  const writer = target.client.query(from(target.sql));
  await flow(source, writer, progress, target.client);
  return writer.rowCount;
}

/** Rows to whoever writes them down, piece by piece; how many there were. */
export async function copyOut(
  source: { client: Client; sql: string },
  write: (piece: Buffer) => Promise<void>,
  progress: Progress,
): Promise<number> {
  const reader = source.client.query(to(source.sql));
  const vanished = (): void =>
    void reader.destroy(new LifeboatError('asset.vanished', 'the connection ended while rows were copied'));
  source.client.once('end', vanished);
  try {
    for await (const piece of reader as AsyncIterable<Buffer>) {
      await write(piece);
      progress.advance({ bytes: piece.length });
    }
  } finally {
    source.client.removeListener('end', vanished);
  }
  return reader.rowCount;
}

async function flow(
  source: { client: Client; sql: string },
  writer: Writable,
  progress: Progress,
  target: Client,
): Promise<void> {
  const reader: Readable = source.client.query(to(source.sql));
  let waiting = 0;
  reader.on('data', ({ length }: Buffer) => {
    waiting += length;
    if (waiting < reportBytes) return;
    progress.advance({ bytes: waiting });
    waiting = 0;
  });
  // A connection that is cut tells its stream nothing, and the pipeline would wait for ever.
  const cut = new AbortController();
  const vanished = (): void =>
    cut.abort(new LifeboatError('asset.vanished', 'the connection ended while rows were copied'));
  const ends = [source.client, target];
  for (const client of ends) client.once('end', vanished);
  try {
    await Promise.race([
      pipeline(reader, writer),
      new Promise<never>((_, reject) => {
        cut.signal.addEventListener('abort', () => reject(cut.signal.reason as Error), { once: true });
      }),
    ]);
    progress.advance({ bytes: waiting });
  } finally {
    for (const client of ends) client.removeListener('end', vanished);
  }
}
