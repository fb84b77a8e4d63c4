import { randomInt } from 'node:crypto';
import { limits, free } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { Catalog } from '../read/catalog.ts';
import { damaged, damageFrom, DamageLog, errorOf, errorOfObject, incomplete, isDamage } from '../damage.ts';
import { eachChunk } from '../format/entry-list.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { objectOfName, packName } from '../names.ts';
import { PackReader } from '../read/pack-reader.ts';
import { readPieces, type Piece } from '../read/pieces.ts';
import { Reused } from './reused.ts';
import { forEachOf } from '../tasks.ts';

export interface ReadBackOf {
  readonly store: Store;
  readonly bundle: KeyBundle;
  /** What the writer knew of older packs, and the numbers of those that it let chunks be known from. */
  readonly catalog: Catalog;
  readonly present: ReadonlySet<number>;
  /** The ids of the packs that it stored. */
  readonly written: ReadonlySet<string>;
  /** The index objects that it stored. */
  readonly index: readonly string[];
  /** The entry list of the point to be. */
  readonly pieces: readonly Piece[];
  readonly neededBy: string;
  /** Gets every damage that is met. */
  readonly log: DamageLog;
}

/**
 * Asks the store for what the point needs as a stranger would: index objects decode; every pack, new or known from before, has
 * its size; a random sample of the new chunks, one of the known ones, and the whole entry list authenticate.
 * Throws `repository.damaged`, `repository.incomplete`, `repository.unreadable`.
 */
export async function readBack(of: ReadBackOf): Promise<void> {
  const log = new DamageLog();
  try {
    await new ReadBack(of, log).run();
    const [first] = log.list();
    if (first !== undefined) throw errorOf(first);
  } catch (error) {
    if (isDamage(error) && error.where !== undefined)
      log.note(damageFrom(error, error.where, objectOfName(error.where).kind));
    throw error;
  } finally {
    log.list().forEach((damage) => of.log.note(damage));
  }
}

class ReadBack {
  readonly #of: ReadBackOf;
  readonly #log: DamageLog;
  readonly #fresh: PackReader;
  /** For what was known: the fresh index does not name older packs. Damage that another copy makes good is none of ours. */
  readonly #old: PackReader;
  readonly #reused: Reused;

  constructor(of: ReadBackOf, log: DamageLog) {
    const { store, bundle, catalog, present } = of;
    this.#of = of;
    this.#log = log;
    this.#fresh = new PackReader(store, bundle, new Catalog(store, bundle, log), log);
    this.#old = new PackReader(store, bundle, catalog, new DamageLog());
    this.#reused = new Reused(catalog.table, present, limits.readBackReusedChunks);
  }

  async run(): Promise<void> {
    const { catalog } = this.#fresh;
    await catalog.load(this.#of.index);
    await forEachOf(catalog.packs, limits.objectsReadAtOnce, (pack) => this.#requireSize(pack));
    await this.#readList();
    await this.#requireKnownPacks();
    await this.#readSample(this.#fresh, randomOrdinals(catalog.table.size, limits.readBackChunks));
    const known = new PackReader(this.#of.store, this.#of.bundle, this.#of.catalog, this.#log);
    await this.#readSample(known, this.#reused.sample());
  }

  async #requireSize(pack: { id: string; bytes: number }): Promise<void> {
    const name = packName(pack.id);
    const stat = await this.#of.store.stat(name).catch((error: unknown) => {
      throw errorOfObject(error, name);
    });
    if (stat === undefined) throw incomplete(name, 'the store does not have the pack that it took');
    if (stat.bytes !== pack.bytes)
      throw damaged(name, `the store holds ${stat.bytes} bytes of the ${pack.bytes} that it took`);
  }

  /** The whole entry list, and with it every chunk that the point needs: where each stands is looked up. */
  async #readList(): Promise<void> {
    const { pieces, neededBy } = this.#of;
    for (const piece of pieces) this.#meet(piece);
    await eachChunk(this.#listParts(), neededBy, (id) => this.#meet({ id }));
  }

  async *#listParts(): AsyncGenerator<Buffer> {
    const { pieces, neededBy } = this.#of;
    for (const run of runsOf(pieces, (piece) => this.#isWritten(piece))) {
      for await (const { plain } of readPieces(run.fresh ? this.#fresh : this.#old, run.pieces, neededBy, {
        rehash: true,
      })) {
        yield plain;
        // The list was read on past it.
        free(plain);
      }
    }
  }

  #meet(piece: Pick<Piece, 'id'>): void {
    if (this.#isWritten(piece) || this.#reused.meet(piece.id)) return;
    throw incomplete(this.#of.neededBy, `it needs the chunk ${piece.id.toString('hex')}, which no pack holds`);
  }

  #isWritten({ id }: Pick<Piece, 'id'>): boolean {
    const { table, packs } = this.#fresh.catalog;
    return table.find(id, (ordinal) => this.#of.written.has(packs[table.packOf(ordinal)]?.id ?? '')) >= 0;
  }

  /** One listing for all: a call for each pack would cost more, the older a repository gets. */
  async #requireKnownPacks(): Promise<void> {
    const missing = new Map([...this.#reused.packs].map((number) => this.#expected(number)));
    if (missing.size === 0) return;
    for await (const { name, bytes } of this.#of.store.list('packs/')) {
      const expected = missing.get(name);
      missing.delete(name);
      if (expected === undefined || expected === bytes) continue;
      const what = `the object is ${bytes} bytes long, its index says ${expected}`;
      this.#log.note(damageFrom(damaged(name, what), name, 'pack'));
    }
    for (const name of missing.keys()) this.#log.note(damageFrom(incomplete(name), name, 'pack'));
  }

  #expected(number: number): [string, number] {
    const { id = '', bytes = 0 } = this.#of.catalog.packs[number] ?? {};
    return [packName(id), bytes];
  }

  async #readSample(reader: PackReader, ordinals: readonly number[]): Promise<void> {
    const byPack = Map.groupBy(ordinals, (ordinal) => reader.catalog.table.packOf(ordinal));
    const bad = (_: number, error: Error): void => {
      if (!isDamage(error)) throw error;
      this.#log.note(damageFrom(error, error.where ?? '', 'pack'));
    };
    await forEachOf(byPack, limits.packsReadAtOnce, ([pack, some]) =>
      reader.chunks(pack, some, async (_, plain) => free(plain), bad, { rehash: true }),
    );
  }
}

const randomOrdinals = (size: number, count: number): number[] => [
  ...new Set(Array.from({ length: Math.min(count, size) }, () => randomInt(size))),
];

function runsOf(pieces: readonly Piece[], isFresh: (piece: Piece) => boolean): { fresh: boolean; pieces: Piece[] }[] {
  const runs: { fresh: boolean; pieces: Piece[] }[] = [];
  for (const piece of pieces) {
    const last = runs[runs.length - 1];
    const fresh = isFresh(piece);
    if (last?.fresh === fresh) last.pieces.push(piece);
    else runs.push({ fresh, pieces: [piece] });
  }
  return runs;
}
