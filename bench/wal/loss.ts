import { Client } from 'pg';
import { systemClock } from '../../src/core/index.ts';
import { standbyNames } from './receivers.ts';

const lookMs = 50;

interface Look {
  /** By the server's clock. */
  readonly atMs: number;
  readonly written: bigint;
  readonly stored: bigint;
}

export interface Loss {
  readonly p50Seconds: number;
  readonly p99Seconds: number;
}

/**
 * What would have been lost at each moment of some work, had server and stream been gone then: asked of the server itself, which knows what it
 * wrote when, and what the stream told it to have stored for good.
 */
export async function lossDuring(url: string, work: () => Promise<unknown>): Promise<Loss> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const looks: Look[] = [];
  const ended = new AbortController();
  const looking = (async () => {
    while (!ended.signal.aborted) {
      looks.push(await look(client));
      await systemClock.sleep(lookMs, ended.signal).catch(() => {}); // the work is done
    }
  })();
  try {
    await work();
  } finally {
    ended.abort();
    await looking;
    await client.end();
  }
  return lossOf(looks);
}

async function look(client: Client): Promise<Look> {
  const { rows } = await client.query<{ at: string; written: string; stored: string | null }>(
    `select (extract(epoch from clock_timestamp()) * 1000)::bigint::text as at,
            (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::text as written,
            (select (flush_lsn - '0/0'::pg_lsn)::text from pg_stat_replication
             where application_name = '${standbyNames.lifeboat}') as stored`,
  );
  const { at = '0', written = '0', stored } = rows[0] ?? {};
  return { atMs: Number(at), written: BigInt(written), stored: BigInt(stored ?? '0') };
}

/** At each look: how long ago the server had not written more than what is stored now. */
export function lossOf(looks: readonly Look[]): Loss {
  let known = 0;
  const losses = looks
    .map(({ atMs, stored }, index) => {
      while (known + 1 <= index && (looks[known + 1] as Look).written <= stored) known += 1;
      return (looks[known] as Look).written <= stored ? atMs - (looks[known] as Look).atMs : Infinity;
    })
    // Before anything was stored of this work nothing was measured of it.
    .filter((ms) => Number.isFinite(ms))
    .toSorted((a, b) => a - b);
  const at = (part: number): number =>
    (losses[Math.min(losses.length - 1, Math.floor(losses.length * part))] ?? Infinity) / 1000;
  return { p50Seconds: at(0.5), p99Seconds: at(0.99) };
}
