import type { Acknowledged } from './load.ts';
import { rowsOfPrices } from './load.ts';
import { query, value } from './sql.ts';

export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly observed: string;
  readonly expected: string;
}

export const finding = (name: string, observed: unknown, expected: unknown): Finding => ({
  name,
  ok: String(observed) === String(expected),
  observed: String(observed),
  expected: String(expected),
});

/** What a restored server holds of what was written. */
export interface Content {
  readonly ids: ReadonlySet<string>;
  readonly findings: readonly Finding[];
}

/** Reads what came back from outside, never by asking the restore. */
export async function readBack(url: string): Promise<Content> {
  const rows = await query(url, 'select run, client, n from ledger');
  const ids = new Set(rows.map(({ run, client, n }) => `${String(run)}/${String(client)}/${String(n)}`));
  const balances = await value(url, 'select coalesce(sum(abalance), 0) from pgbench_accounts');
  const ledger = await value(url, 'select coalesce(sum(delta), 0) from ledger');
  const prices = await value(url, 'select count(*) from prices where text = repeat(md5(id::text), 8)');
  return {
    ids,
    findings: [
      finding('no transaction came back by half: the balances are what the ledger says', balances, ledger),
      finding('the table of prices is whole', prices, rowsOfPrices),
    ],
  };
}

export interface Loss {
  /** Acknowledged up to the moment that was asked for. */
  readonly acknowledged: number;
  readonly restored: number;
  readonly lost: number;
  /** From the last acknowledged commit before the first lost one to the moment that was asked for; 0 if none was lost. */
  readonly rpoSeconds: number;
  /** What was acknowledged after that moment, which people chose to give up. */
  readonly givenUp: number;
  readonly givenUpSeconds: number;
}

/** Holds what came back against every commit that was acknowledged before `toMs`; both by the clock of this machine. */
export function lossOf(all: readonly Acknowledged[], ids: ReadonlySet<string>, toMs: number): Loss {
  const due = all.filter(({ atMs }) => atMs <= toMs);
  const given = all.filter(({ atMs }) => atMs > toMs);
  const firstLost = due.findIndex(({ id }) => !ids.has(id));
  const safeUntilMs = firstLost < 0 ? toMs : ((due[firstLost - 1] ?? due[0])?.atMs ?? toMs);
  const restored = due.filter(({ id }) => ids.has(id)).length;
  return {
    acknowledged: due.length,
    restored,
    lost: due.length - restored,
    rpoSeconds: (toMs - safeUntilMs) / 1000,
    givenUp: given.length,
    givenUpSeconds: given.length === 0 ? 0 : ((given.at(-1) as Acknowledged).atMs - toMs) / 1000,
  };
}
