import { createHash } from 'node:crypto';

/** A record as it stands in the database and in a store: what its hash is made of. */
export interface JournalRow {
  readonly sequence: number;
  readonly at_ms: number;
  readonly host: string;
  readonly kind: string;
  readonly run: string | null;
  readonly data: string;
  readonly hash: string;
}

/** What the first record's hash is chained to. */
export const beginning = '0'.repeat(64);

/** Over the previous hash and every field of this record, as one canonical text. */
export const hashOf = (
  previous: string,
  { sequence, at_ms, host, kind, run, data }: Omit<JournalRow, 'hash'>,
): string =>
  createHash('sha256')
    .update(canonical([previous, sequence, at_ms, host, kind, run, data]))
    .digest('hex');

/** JSON with the keys of every object in order, so that equal data gives equal text. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
