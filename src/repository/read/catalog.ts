import { free, isLifeboatError, limits } from '../../core/index.ts';
import type { Store, StoredObject } from '../../stores/index.ts';
import { ChunkTable } from '../table/chunk-table.ts';
import { fromAny } from './from-any.ts';
import { damageFrom, errorOfObject, isDamage, type DamageLog } from '../damage.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { objectOfName } from '../names.ts';
import { ChunkList, decodeIndex, type IndexedPack, type PackRecord } from '../format/pack-format.ts';
import { readTrailer } from '../format/pack-trailer.ts';
import { openDocument } from '../format/seal.ts';
import { Budget, forEachOf } from '../tasks.ts';

/** A store that lists again and again what it does not have is met by whoever reads what it says is there. */
const listingsMax = 8;

/** Which chunk stands in which pack: from the index objects, and from the trailers of packs that no index covers. */
export class Catalog {
  readonly table = new ChunkTable();
  /** By the number that the table knows a pack by. */
  readonly packs: PackRecord[] = [];
  /** The ordinals of a pack's chunks follow each other, from this one on. */
  readonly #firstOrdinals: number[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #indexes = new Set<string>();
  readonly #coverage = new Map<string, readonly string[]>();
  readonly #unreadable = new Set<string>();
  /** Ids of packs that no index covers. */
  readonly #adopted = new Set<string>();
  /** Ids of packs that lie in a class from which nothing is read before it thawed. */
  readonly #frozen = new Set<string>();
  readonly #store: Store;
  readonly #bundle: KeyBundle;
  readonly #log: DamageLog;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: Store, bundle: KeyBundle, log: DamageLog) {
    this.#store = store;
    this.#bundle = bundle;
    this.#log = log;
  }

  /**
   * Loads every index object that is not loaded yet. One that is damaged is noted, and what it covered is read from the packs
   * themselves.
   */
  refresh(): Promise<void> {
    return this.#inTurn(async () => {
      let [bad, gone] = [false, true];
      // One that goes between the listing and now was replaced by a prune: what replaced it was there before.
      for (let round = 0; gone && round < listingsMax; round += 1) {
        gone = false;
        const budget = new Budget(limits.indexBytesInFlight);
        await forEachOf(this.#store.list('index/'), limits.objectsReadAtOnce, async ({ name, bytes }) => {
          if (this.#indexes.has(name) || objectOfName(name).kind !== 'index') return;
          const found = await budget.within(bytes, () => this.#tryIndex(name));
          bad ||= found !== 'read';
          gone ||= found === 'gone';
        });
      }
      if (bad) await this.#adopt();
    });
  }

  /** Loads these index objects alone. Throws `repository.damaged`, `repository.incomplete`, `repository.unreadable`. */
  async load(names: readonly string[]): Promise<void> {
    for (const name of names) {
      await this.#loadIndex(name).catch((error: unknown) => {
        throw errorOfObject(error, name);
      });
    }
  }

  /** Reads the trailers of all packs that no index covers; returns every pack that the store lists. */
  adopt(): Promise<StoredObject[]> {
    return this.#inTurn(() => this.#adopt());
  }

  /** Finds out which packs are frozen: only where packs can be, with one listing. */
  async lookForFrozen(): Promise<void> {
    if (this.#store.thawState === undefined) return;
    for await (const object of this.#store.list('packs/')) this.#see(object);
  }

  /** An ordinal of the chunk, where it can be read at once if it stands in such a place; else -1. */
  find(id: Uint8Array, usable: (ordinal: number) => boolean = () => true): number {
    const first = this.table.find(id, usable);
    if (this.#frozen.size === 0 || first < 0 || !this.isFrozen(this.table.packOf(first))) return first;
    const readable = this.table.find(id, (ordinal) => usable(ordinal) && !this.isFrozen(this.table.packOf(ordinal)));
    return readable < 0 ? first : readable;
  }

  isFrozen(pack: number): boolean {
    return this.#frozen.has(this.packs[pack]?.id ?? '');
  }

  /** It can be read for now, though it lies in such a class. */
  thawed(pack: number): void {
    this.#frozen.delete(this.packs[pack]?.id ?? '');
  }

  /** It cannot be read any more. */
  froze(pack: number): void {
    const { id } = this.packs[pack] ?? {};
    if (id !== undefined) this.#frozen.add(id);
  }

  numberOf(packId: string): number | undefined {
    return this.#numbers.get(packId);
  }

  /** A pack with its chunks, as an index object tells of it; its list is made anew each time it is looked at. */
  indexed(pack: number): IndexedPack {
    const chunksOf = (): ChunkList => this.#listOf(pack);
    return {
      pack: this.packs[pack] as PackRecord,
      get chunks() {
        return chunksOf();
      },
    };
  }

  /** Packs known by their trailers alone: the next index shall cover them. */
  adopted(): IndexedPack[] {
    return [...this.#adopted].map((id) => this.indexed(this.#numbers.get(id) as number));
  }

  /** The packs that each index object named, by its id. */
  coverage(): ReadonlyMap<string, readonly string[]> {
    return this.#coverage;
  }

  /** The table's ordinals of all chunks of a pack. */
  ordinalsOf(pack: number): number[] {
    const first = this.#firstOrdinals[pack] as number;
    const end = this.#firstOrdinals[pack + 1] ?? this.table.size;
    return Array.from({ length: end - first }, (_, i) => first + i);
  }

  /** Whether a pack's trailer tells of the chunks that are known of it. */
  agrees(pack: number, trailer: ChunkList): boolean {
    const ordinals = this.ordinalsOf(pack);
    if (trailer.length !== ordinals.length) return false;
    return [...trailer].every((chunk, i) => {
      const ordinal = ordinals[i] as number;
      const { offset, sealedBytes } = this.table.placeOf(ordinal);
      return chunk.id.equals(this.table.idOf(ordinal)) && chunk.offset === offset && chunk.sealedBytes === sealedBytes;
    });
  }

  #listOf(pack: number): ChunkList {
    const chunks = this.ordinalsOf(pack).map((ordinal) => {
      const { offset, sealedBytes, plainBytes } = this.table.placeOf(ordinal);
      return { id: this.table.idOf(ordinal), offset, sealedBytes, plainBytes };
    });
    return ChunkList.of(chunks);
  }

  async #adopt(): Promise<StoredObject[]> {
    const listed: StoredObject[] = [];
    for await (const object of this.#store.list('packs/')) {
      this.#see(object);
      listed.push(object);
    }
    await forEachOf(listed, limits.objectsReadAtOnce, async (object) => {
      const { kind, id } = objectOfName(object.name);
      if (kind !== 'pack' || this.#numbers.has(id) || this.#unreadable.has(id)) return;
      try {
        const indexed = await readTrailer(this.#store, this.#bundle, object, id);
        this.#add(indexed);
        this.#adopted.add(id);
      } catch (error) {
        // What it holds shows when it has thawed; that it is frozen is no damage.
        const isFrozen = isLifeboatError(error, 'store.frozen');
        if (!isFrozen && !isDamage(error)) throw error;
        this.#unreadable.add(id);
        if (!isFrozen) this.#log.note(damageFrom(error, object.name, 'pack'));
      }
    });
    return listed;
  }

  #see({ name, frozen }: StoredObject): void {
    const { id } = objectOfName(name);
    if (frozen === true) this.#frozen.add(id);
    else this.#frozen.delete(id);
  }

  async #tryIndex(name: string): Promise<'read' | 'gone' | 'damaged'> {
    try {
      await this.#loadIndex(name);
      return 'read';
    } catch (error) {
      if (!isDamage(error)) throw error;
      if (error.code === 'store.missing') return 'gone';
      this.#log.note(damageFrom(error, name, 'index'));
      return 'damaged';
    }
  }

  async #loadIndex(name: string): Promise<void> {
    const packs = await fromAny(this.#store, name, async () => {
      const bytes = await this.#store.get(name, { range: { offset: 0, length: limits.documentBytesMax + 1 } });
      const plain = await openDocument(this.#bundle, 'index', name, bytes);
      free(bytes);
      return decodeIndex(plain, name);
    });
    for (const indexed of packs) {
      this.#add(indexed);
      this.#adopted.delete(indexed.pack.id);
    }
    this.#coverage.set(
      objectOfName(name).id,
      packs.map(({ pack }) => pack.id),
    );
    this.#indexes.add(name);
    // All lists stand in the memory of one document, of megabytes.
    if (packs[0] !== undefined) free(packs[0].chunks.bytes);
  }

  #add({ pack, chunks }: IndexedPack): void {
    if (this.#numbers.has(pack.id)) return;
    // Where there is none the pack is not known, and is asked for anew the next time.
    this.table.makeRoom(chunks.length);
    const number = this.packs.length;
    this.packs.push(pack);
    this.#numbers.set(pack.id, number);
    this.#firstOrdinals.push(this.table.size);
    let at = 0;
    for (const { id, offset, sealedBytes, plainBytes } of chunks) {
      this.table.add(id, { pack: number, number: at, offset, sealedBytes, plainBytes });
      at += 1;
    }
  }

  /** One refresh at a time: two would load the same objects twice. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {}); // whoever asked for that turn gets its error
    return result;
  }
}
