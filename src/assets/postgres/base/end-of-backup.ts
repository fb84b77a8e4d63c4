import type { Client } from 'pg';
import { systemClock } from '../../../core/index.ts';

interface Sample {
  readonly atMs: number;
  readonly lsn: bigint;
}

const pauseMs = 200;

/** `16/B374D848` as one number, to be compared. */
export function lsnValue(text: string): bigint {
  const [high = '0', low = '0'] = text.split('/');
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
}

/** At the start of a page a server names the place behind the page's header, which is written with the next record. */
function beforePageHeader(position: bigint): bigint {
  const inPage = position % 8192n;
  return inPage <= 40n ? position - inPage : position;
}

/** Where the server's log is now. */
export async function positionNow(client: Client): Promise<bigint> {
  const { rows } = await client.query<{ lsn: string }>('select pg_current_wal_insert_lsn()::text as lsn');
  return lsnValue(rows[0]?.lsn ?? '');
}

/**
 * Watches, beside a running backup, where the server's log is at which moment. Afterwards it tells the latest moment whose every
 * acknowledged commit is certainly in the backup: the clock was read before the position, and the position is not after the
 * backup's end. It errs by at most one pause, always towards "older".
 */
export class LogWatch {
  readonly #client: Client;
  readonly #samples: Sample[] = [];
  readonly #stopped = new AbortController();
  #done: Promise<void> = Promise.resolve();

  constructor(client: Client) {
    this.#client = client;
  }

  /** Takes the first sample, before the backup starts, and goes on beside it. Where the log was then. */
  async begin(): Promise<bigint> {
    const { lsn } = await this.#sample();
    this.#done = this.#watch();
    return lsn;
  }

  /** Ends the watch. Milliseconds since 1970 by the server's clock; undefined if no sample is old enough. */
  async latestBefore(end: bigint): Promise<number | undefined> {
    await this.stop();
    return this.#samples.findLast(({ lsn }) => lsn <= end)?.atMs;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#done;
  }

  async #sample(): Promise<Sample> {
    const { rows } = await this.#client.query<{ at: string; lsn: string }>(
      `with clock as materialized (select extract(epoch from clock_timestamp()) * 1000 as at)
       select floor(at)::text as at, (select pg_current_wal_insert_lsn()::text where at is not null) as lsn from clock`,
    );
    const lsn = beforePageHeader(lsnValue(rows[0]?.lsn ?? ''));
    const sample = { atMs: Number(rows[0]?.at), lsn };
    // On an idle server only the clock moves: the newer moment says all that the older one did.
    if (this.#samples.at(-1)?.lsn === lsn) this.#samples.pop();
    this.#samples.push(sample);
    return sample;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        await systemClock.sleep(pauseMs, signal);
        await this.#sample();
      } catch {
        // Stopped, or the server went away: the backup itself meets the same end and says why.
        return;
      }
    }
  }
}
