import { isLifeboatError, LifeboatError, limits, type Progress } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { errorOfObject, isDamage } from '../damage.ts';
import { eachChunk } from '../format/entry-list.ts';
import { readPoint, type StoredPoint } from '../format/point-object.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { objectOfName, pointName } from '../names.ts';
import type { PackReader } from '../read/pack-reader.ts';
import { readPieces, type Piece } from '../read/pieces.ts';
import type { Point } from '../repository.ts';
import { forEachOf } from '../tasks.ts';
import { Bits } from '../bits.ts';

/** What stands in one chunk of an entry list: what is not a whole line in it goes on in its neighbours. */
interface ListChunk {
  /** Up to and with the first line feed; all of it where there is none. */
  readonly head: Buffer;
  /** Behind the last line feed; undefined where there is none. */
  readonly tail: Buffer | undefined;
}

/**
 * Which chunks the points of a store need. Points of one source have most of their entry lists in common, and what stands in one
 * chunk of a list is looked at once, however many points share it.
 */
export class Needs {
  /** Chunks that are needed, each by the first ordinal of its id. */
  readonly chunks = new Bits();
  /** Those of them that entry lists stand in, by the same ordinals. */
  readonly lists = new Bits();
  /** Every point that was read, by id. */
  readonly points = new Map<string, Point>();
  /** Names among the points that are only claimed. */
  readonly claimed = new Set<string>();
  readonly #store: Store;
  readonly #bundle: KeyBundle;
  readonly #reader: PackReader;
  /** The first chunk of a point that no pack was known to hold, by the point. */
  readonly #missing = new Map<string, Buffer>();
  readonly #lists = new Map<number, Promise<ListChunk>>();

  constructor(store: Store, bundle: KeyBundle, reader: PackReader) {
    this.#store = store;
    this.#bundle = bundle;
    this.#reader = reader;
  }

  /** Points that need a chunk that no pack holds: they do not restore whole, but what they need is known. */
  get broken(): string[] {
    const { table } = this.#reader.catalog;
    return [...this.#missing].filter(([, id]) => table.find(id) < 0).map(([point]) => point);
  }

  /** Reads every point that the store lists and that was not read yet. Throws `prune.blind` if one cannot be read whole. */
  async readPoints(options: {
    signal?: AbortSignal | undefined;
    progress?: Progress | undefined;
    without?: ReadonlySet<string> | undefined;
  }): Promise<void> {
    await forEachOf(this.#store.list('points/'), limits.objectsReadAtOnce, async ({ name }) => {
      options.signal?.throwIfAborted();
      const { kind, id } = objectOfName(name);
      if (kind !== 'point' || this.points.has(id) || options.without?.has(id) === true) return;
      this.claimed.delete(id);
      const stored = await this.#tryPoint(id);
      if (stored === undefined) return;
      await this.#readList(stored).catch((error: unknown) => {
        throw isDamage(error) ? blind(id, error) : error;
      });
      this.points.set(id, stored.point);
      options.progress?.advance({ items: 1 });
    });
  }

  async #tryPoint(id: string): Promise<StoredPoint | undefined> {
    try {
      return await readPoint(this.#store, this.#bundle, id);
    } catch (error) {
      if (isLifeboatError(error, 'point.missing')) this.claimed.add(id);
      // A point that was forgotten between the listing and now needs nothing any more.
      else if (!isLifeboatError(error, 'store.missing')) throw isDamage(error) ? blind(id, error) : error;
      return undefined;
    }
  }

  async #readList({ point, list }: StoredPoint): Promise<void> {
    const name = pointName(point.id);
    let open: Buffer[] = [];
    for (const piece of list.pieces) {
      const ordinal = this.#need(piece.id, point.id);
      if (ordinal >= 0) this.lists.add(ordinal);
      // Where no pack holds a part of the list, nobody knows what the point needs: reading it says so.
      const { head, tail } = await this.#listChunk(ordinal, piece, point.id);
      open.push(head);
      if (tail === undefined) continue;
      await this.#needLines(Buffer.concat(open), point.id);
      open = [tail];
    }
    // A list that ends inside a line is refused by whoever decodes it.
    const rest = Buffer.concat(open);
    if (rest.length > 0) await eachChunk(only(rest), name, () => {});
  }

  #listChunk(ordinal: number, piece: Piece, point: string): Promise<ListChunk> {
    const known = this.#lists.get(ordinal);
    if (known !== undefined && ordinal >= 0) return known;
    const read = this.#readListChunk(piece, point);
    this.#lists.set(ordinal, read);
    return read;
  }

  async #readListChunk(piece: Piece, point: string): Promise<ListChunk> {
    for await (const { plain } of readPieces(this.#reader, [piece], pointName(point))) {
      const first = plain.indexOf(lineFeed) + 1;
      if (first === 0) return { head: Buffer.from(plain), tail: undefined };
      const last = plain.lastIndexOf(lineFeed) + 1;
      await this.#needLines(plain.subarray(first, last), point);
      return { head: Buffer.from(plain.subarray(0, first)), tail: Buffer.from(plain.subarray(last)) };
    }
    throw new LifeboatError('repository.incomplete', `${pointName(point)}: a part of its entry list gives nothing`);
  }

  async #needLines(lines: Buffer, point: string): Promise<void> {
    await eachChunk(only(lines), pointName(point), (id) => void this.#need(id, point));
  }

  #need(id: Buffer, point: string): number {
    const ordinal = this.#reader.catalog.table.find(id);
    if (ordinal < 0) this.#missing.set(point, this.#missing.get(point) ?? id);
    else this.chunks.add(ordinal);
    return ordinal;
  }
}

const lineFeed = 0x0a;

async function* only(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function blind(id: string, error: LifeboatError): LifeboatError {
  const told = errorOfObject(error, pointName(id)) as LifeboatError;
  return new LifeboatError(
    'prune.blind',
    `the point ${id} cannot be read, so nobody knows what it needs (${told.message})`,
    {
      where: pointName(id),
      hint: `Nothing was deleted. Bring the object back from another store, or give the point up: lifeboat points forget ${id} --anyway`,
      cause: error,
    },
  );
}
