import type { Client } from 'pg';
import { LifeboatError } from '../../../core/index.ts';

/** A query that hangs ends when its connection is cut. */
export async function stoppable<T>(
  client: Client,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const stop = (): void => void client.end().catch(() => {}); // whatever was asked on it fails, which is the point
  if (signal?.aborted === true) throw new LifeboatError('operation.cancelled', 'the look at the server was stopped');
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await work();
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
