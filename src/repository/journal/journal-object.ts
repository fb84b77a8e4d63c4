import { z } from 'zod';
import { beginning, hashOf, isSignedBy, type HostIdentity, type JournalRow } from '../../journal/index.ts';
import { isTimeId, limits } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { damaged, damageFrom, isDamage } from '../damage.ts';
import { freshSalt, openDocument, sealDocument } from '../format/seal.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { journalName, journalRangeOf } from '../names.ts';
import type { Damage, ShippedChain } from '../repository.ts';
import { putKept } from '../put-kept.ts';

/** Some records of one chain, as docs/FORMAT.md, "Shipped journals", has them. */
interface Piece {
  readonly chain: string;
  readonly host: string;
  readonly previous: string;
  readonly rows: readonly JournalRow[];
}

/** Stores records that follow `previous`, signed by the host, under a name that says which. Throws `store.exists`. */
export async function putPiece(
  store: Store,
  bundle: KeyBundle,
  identity: HostIdentity,
  { host, previous, rows }: Omit<Piece, 'chain'>,
): Promise<void> {
  const [from, to] = [rows[0]?.sequence ?? 0, rows.at(-1)?.sequence ?? 0];
  const name = journalName(identity.id, from, to);
  const signature = identity.sign(signedText(bundle.repository, name, previous, rows));
  const { publicKey } = identity;
  const document = { format: 1, chain: identity.id, host, publicKey, from, to, previous, rows, signature };
  const sealed = await sealDocument(bundle, 'journal', name, freshSalt(), Buffer.from(JSON.stringify(document)));
  await putKept(store, name, sealed);
}

/** The last record of a chain that the store holds: its number and hash. */
export async function shippedHead(
  store: Store,
  bundle: KeyBundle,
  chain: string,
): Promise<{ records: number; head: string }> {
  let last: { name: string; to: number } | undefined;
  for await (const { name } of store.list(`journal/${chain}/`)) {
    const range = journalRangeOf(name);
    if (range !== undefined && range.to > (last?.to ?? 0)) last = { name, to: range.to };
  }
  if (last === undefined) return { records: 0, head: beginning };
  const { rows } = await readPiece(store, bundle, last.name);
  return { records: last.to, head: rows.at(-1)?.hash ?? beginning };
}

/** Every chain of the store, as far as it holds together, and what does not. */
export async function readChains(
  store: Store,
  bundle: KeyBundle,
): Promise<{ chains: ShippedChain[]; damage: Damage[] }> {
  const damage: Damage[] = [];
  const pieces = new Map<string, (Piece & { name: string })[]>();
  for await (const { name } of store.list('journal/')) {
    if (journalRangeOf(name) === undefined) continue;
    try {
      const piece = await readPiece(store, bundle, name);
      pieces.set(piece.chain, [...(pieces.get(piece.chain) ?? []), { ...piece, name }]);
    } catch (error) {
      if (!isDamage(error)) throw error;
      damage.push(damageFrom(error, name, 'journal'));
    }
  }
  return { chains: [...pieces.values()].map((some) => joined(some, damage)), damage };
}

/** Throws `repository.damaged`, `store.missing`. */
export async function readPiece(store: Store, bundle: KeyBundle, name: string): Promise<Piece> {
  const bytes = await store.get(name, { range: { offset: 0, length: limits.journalObjectBytesMax + 1 } });
  const parsed = schema.safeParse(jsonOf(await openDocument(bundle, 'journal', name, bytes)));
  if (!parsed.success) throw damaged(name, 'it is no piece of a journal of this format');
  const { chain, host, publicKey, from, to, previous, rows, signature } = parsed.data;
  if (journalName(chain, from, to) !== name) throw damaged(name, 'it holds other records than its name says');
  if (!isSignedBy(chain, publicKey, signedText(bundle.repository, name, previous, rows), signature))
    throw damaged(name, 'it is not signed by the host whose journal it is');
  let head = previous;
  for (const [i, row] of rows.entries()) {
    head = hashOf(head, row);
    if (row.sequence !== from + i || row.hash !== head)
      throw damaged(name, `record ${from + i} is not as it was written`);
  }
  if (rows.at(-1)?.sequence !== to) throw damaged(name, 'records are missing at its end');
  return { chain, host, previous, rows };
}

/** Pieces in order: one chain. A gap, and two pieces that tell of the same record in different ways, end what can be believed. */
function joined(pieces: readonly (Piece & { name: string })[], damage: Damage[]): ShippedChain {
  const sorted = pieces.toSorted((a, b) => (a.rows[0]?.sequence ?? 0) - (b.rows[0]?.sequence ?? 0));
  const rows: JournalRow[] = [];
  const { chain, host } = sorted[0] as Piece;
  const note = (object: string, code: 'repository.damaged' | 'repository.incomplete', what: string): void =>
    void damage.push({ object, kind: 'journal', code, what, points: [] });
  for (const piece of sorted) {
    const first = piece.rows[0]?.sequence ?? 0;
    if (first > rows.length + 1) {
      note(piece.name, 'repository.incomplete', `records ${rows.length + 1} to ${first - 1} before it are missing`);
      break;
    }
    const before = first === 1 ? beginning : rows[first - 2]?.hash;
    const forked = piece.rows.find(
      ({ sequence, hash }) => rows[sequence - 1] !== undefined && rows[sequence - 1]?.hash !== hash,
    );
    if (piece.previous !== before || forked !== undefined) {
      note(
        piece.name,
        'repository.damaged',
        `the journal of ${host} has two stories from record ${forked?.sequence ?? first} on: its state was copied or put back`,
      );
      break;
    }
    rows.push(...piece.rows.filter(({ sequence }) => sequence > rows.length));
  }
  return { chain, host, rows };
}

const signedText = (repository: string, name: string, previous: string, rows: readonly JournalRow[]): string =>
  ['lifeboat/1/journal', repository, name, previous, rows.at(-1)?.hash ?? ''].join('\n');

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    // No schema takes it: whoever reads it is told so.
    return undefined;
  }
}

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().positive();
const schema = z.object({
  format: z.literal(1),
  chain: z.string().refine(isTimeId),
  host: z.string(),
  publicKey: z.string(),
  from: count,
  to: count,
  previous: hash,
  rows: z.array(
    z.object({
      sequence: count,
      at_ms: z.number(),
      host: z.string(),
      kind: z.string(),
      run: z.string().nullable(),
      data: z.string(),
      hash,
    }),
  ),
  signature: z.string(),
});
