import { hostname } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { beginning, canonical, hashOf } from '../chain.ts';

/** A record as somebody would have appended it, at a moment of the past. */
export interface PastRecord {
  readonly atMs: number;
  readonly kind: string;
  readonly run?: string;
  readonly data: Record<string, unknown>;
}

const moveHead = `
  insert into head (one, sequence, hash) values (1, ?, ?)
  on conflict (one) do update set sequence = excluded.sequence, hash = excluded.hash
`;

/** Adds records behind those of a journal that nobody has open, in one transaction: a year of them is there in a second. The chain is whole afterwards. */
export function appendMany(file: string, records: readonly PastRecord[]): void {
  const database = new DatabaseSync(file);
  try {
    database.exec('begin immediate');
    const last = database.prepare('select sequence, hash from records order by sequence desc limit 1').get();
    let sequence = Number(last?.['sequence'] ?? 0);
    let hash = String(last?.['hash'] ?? beginning);
    const add = database.prepare(
      'insert into records (sequence, at_ms, host, kind, run, data, hash) values (?, ?, ?, ?, ?, ?, ?)',
    );
    const move = database.prepare(moveHead);
    for (const { atMs, kind, run = null, data } of records) {
      sequence += 1;
      const row = { sequence, at_ms: Math.trunc(atMs), host: hostname(), kind, run, data: canonical(data) };
      hash = hashOf(hash, row);
      add.run(row.sequence, row.at_ms, row.host, kind, run, row.data, hash);
      move.run(sequence, hash);
    }
    database.exec('commit');
  } finally {
    database.close();
  }
}
