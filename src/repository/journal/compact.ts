import { isLifeboatError, limits } from '../../core/index.ts';
import type { HostIdentity } from '../../journal/index.ts';
import type { Store } from '../../stores/index.ts';
import { damaged } from '../damage.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { journalName, journalRangeOf } from '../names.ts';
import { putPiece, readPiece } from './journal-object.ts';

interface Listed {
  readonly name: string;
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

/** See `Repository.compactJournal`. Throws `repository.damaged` and what the store throws; then every piece is still there. */
export async function compactPieces(store: Store, bundle: KeyBundle, identity: HostIdentity): Promise<number> {
  const small = smallOnes(await listPieces(store, identity.id));
  if (small.length < limits.journalPiecesMax) return 0;
  let removed = 0;
  for (const group of groupsOf(small)) {
    await putTogether(store, bundle, identity, group);
    for (const { name } of group) removed += await removeOne(store, name);
  }
  return removed;
}

async function listPieces(store: Store, chain: string): Promise<Listed[]> {
  const pieces: Listed[] = [];
  for await (const { name, bytes } of store.list(`journal/${chain}/`)) {
    const range = journalRangeOf(name);
    if (range !== undefined) pieces.push({ name, bytes, ...range });
  }
  return pieces.toSorted((a, b) => a.from - b.from || b.to - a.to);
}

/** Half as long as they may be at most, and not yet part of a longer one (a crash, or a store that keeps everything). */
function smallOnes(pieces: readonly Listed[]): Listed[] {
  let coveredTo = 0;
  return pieces.filter(({ from, to, bytes }) => {
    const isCovered = to <= coveredTo;
    coveredTo = Math.max(coveredTo, to);
    const isSmall = to - from < limits.journalRowsPerObject / 2 && bytes < limits.journalObjectBytesMax / 8;
    return isSmall && !isCovered;
  });
}

/** Pieces that follow one another without a gap, no group longer than a piece may be. */
function groupsOf(small: readonly Listed[]): Listed[][] {
  const groups: Listed[][] = [];
  for (const piece of small) {
    const group = groups.at(-1) ?? [];
    const [first, last] = [group[0], group.at(-1)];
    const bytes = group.reduce((sum, one) => sum + one.bytes, piece.bytes);
    const fits =
      first !== undefined &&
      last?.to === piece.from - 1 &&
      piece.to - first.from < limits.journalRowsPerObject &&
      bytes < limits.journalObjectBytesMax / 4;
    if (fits) group.push(piece);
    else groups.push([piece]);
  }
  return groups.filter(({ length }) => length > 1);
}

async function putTogether(
  store: Store,
  bundle: KeyBundle,
  identity: HostIdentity,
  group: readonly Listed[],
): Promise<void> {
  const pieces = [];
  for (const { name } of group) pieces.push(await readPiece(store, bundle, name));
  const rows = pieces.flatMap((piece) => piece.rows);
  const { host, previous } = pieces[0] as (typeof pieces)[number];
  let head = previous;
  for (const [position, piece] of pieces.entries()) {
    // Each is whole by itself; that they are one story is told only by this.
    if (piece.previous !== head) throw damaged(group[position]?.name ?? '', 'it does not follow the piece before it');
    head = piece.rows.at(-1)?.hash ?? head;
  }
  const name = journalName(identity.id, rows[0]?.sequence ?? 0, rows.at(-1)?.sequence ?? 0);
  try {
    await putPiece(store, bundle, identity, { host, previous, rows });
  } catch (error) {
    // An earlier try got so far; whether it is whole is read now.
    if (!isLifeboatError(error, 'store.exists')) throw error;
  }
  const written = await readPiece(store, bundle, name);
  if (written.rows.at(-1)?.hash !== head) throw damaged(name, 'it ends with another record than was written');
}

async function removeOne(store: Store, name: string): Promise<number> {
  try {
    await store.remove(name);
    return 1;
  } catch (error) {
    // A writer that may not delete, a lock: the long piece says the same, and both are believed.
    if (isLifeboatError(error, 'store.denied')) return 0;
    throw error;
  }
}
