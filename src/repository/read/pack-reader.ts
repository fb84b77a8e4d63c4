import { timingSafeEqual } from 'node:crypto';
import { limits, free } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import type { Catalog } from './catalog.ts';
import { chunkIdOf, openChunk } from '../format/chunk-codec.ts';
import type { ChunkPlace } from '../table/chunk-record.ts';
import { damageFrom, errorOfObject, isDamage, type DamageLog } from '../damage.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { packName } from '../names.ts';
import type { PackRecord } from '../format/pack-format.ts';
import { localPacksOf, type LocalPacks } from './local-packs.ts';
import { changedChunk, openPlaces, packKey, type Consumer } from './open-places.ts';
import { wholeDamage, WholePack } from './whole-damage.ts';
import { rangesOf, tasksOf, type Place, type Range } from './ranges.ts';
import { Stretches, stretchesOf } from './stretches.ts';
import type { ObjectKey } from '../format/seal.ts';
import type { Pool } from '../pool/index.ts';
import { forEachOf } from '../tasks.ts';

/** Packs up to this size are read whole, whatever little is needed of them. */
const wholeBytes = 2 ** 20;
const chunksAtOnce = 8;
/** Tasks of one pack that threads have at a time. */
const tasksPerPack = 2;

export interface ReadOptions {
  /** Of threads, one shall do all the work. */
  readonly lane?: number | undefined;
  /** Hash the plain bytes again and compare with the id (`verify`). */
  readonly rehash?: boolean;
  readonly signal?: AbortSignal | undefined;
}

type Consume = (record: PackRecord, range: Range, bytes: Buffer) => Promise<void>;

/** Reads chunks from packs, each authenticated together with its id; keeps nothing. */
export class PackReader {
  readonly catalog: Catalog;
  /** Where packs are files of this machine. */
  readonly local: LocalPacks | undefined;
  readonly #stretches: Stretches;
  readonly #store: Store;
  readonly #bundle: KeyBundle;
  readonly #log: DamageLog;
  /** Packs of which a copy was found damaged. */
  readonly #doubted = new Set<string>();

  constructor(store: Store, bundle: KeyBundle, catalog: Catalog, log: DamageLog) {
    this.#store = store;
    this.#bundle = bundle;
    this.catalog = catalog;
    this.#log = log;
    this.local = localPacksOf(store, bundle, catalog);
    this.#stretches = new Stretches(this.local === undefined);
  }

  /** How many packs to read at once: far away, small ones are as slow as large ones. */
  get packsAtOnce(): number {
    return this.local === undefined ? limits.farPacksAtOnce : limits.packsReadAtOnce;
  }

  /** The ordinal of a chunk; looks for new index objects, then at packs without index, before it gives up with -1. */
  async locate(id: Uint8Array): Promise<number> {
    const known = this.catalog.find(id);
    if (known >= 0) return known;
    await this.catalog.refresh();
    const indexed = this.catalog.find(id);
    if (indexed >= 0) return indexed;
    await this.catalog.adopt();
    return this.catalog.find(id);
  }

  /**
   * Reads chunks of one pack, the whole of it or ranges, whichever is less work. `take` is called once for each good chunk, in
   * any order, `bad` once for each other with `repository.damaged`, `.incomplete` or `.unreadable`.
   */
  async chunks(
    pack: number,
    ordinals: readonly number[],
    take: (ordinal: number, plain: Buffer) => Promise<void>,
    bad: (ordinal: number, error: Error) => void,
    options: ReadOptions = {},
  ): Promise<void> {
    await this.#ranges(
      pack,
      ordinals,
      (record, range, bytes) => this.#openHere(record, range, bytes, take, bad, options),
      bad,
      options,
    );
  }

  /** As `chunks`, but each chunk is opened in a thread, which also writes it to its targets. */
  async consume(
    pack: number,
    ordinals: readonly number[],
    consumer: Consumer,
    pool: Pool,
    options: ReadOptions = {},
  ): Promise<void> {
    if (await this.#consumed(pack, ordinals, { consumer, pool }, options)) return;
    await this.#ranges(
      pack,
      ordinals,
      (record, range, bytes) => this.#openInThreads(record, range, bytes, consumer, pool, options),
      (ordinal, error) => consumer.done(ordinal, error),
      options,
    );
  }

  async #ranges(
    pack: number,
    ordinals: readonly number[],
    consume: Consume,
    bad: (ordinal: number, error: Error) => void | Promise<void>,
    options: ReadOptions,
  ): Promise<void> {
    const { record, places, whole } = this.#wanted(pack, ordinals);
    const ranges = whole ? [{ offset: 0, length: record.bytes, places }] : rangesOf(places);
    for (const range of ranges) {
      const work = (): Promise<void> => this.#range(record, range, whole, consume, bad, options);
      await (this.local === undefined ? this.#stretches.within(range.length, work) : work());
    }
  }

  /** Chunks in their order; `whole`: reading all of the pack is less work. */
  #wanted(pack: number, ordinals: readonly number[]): { record: PackRecord; places: Place[]; whole: boolean } {
    const record = this.catalog.packs[pack] as PackRecord;
    const places = ordinals.map((ordinal) => ({ ordinal, place: this.catalog.table.placeOf(ordinal) }));
    places.sort((a, b) => a.place.offset - b.place.offset);
    const needed = places.reduce((total, { place }) => total + place.sealedBytes, 0);
    return { record, places, whole: record.bytes <= wholeBytes || needed * 2 >= record.bytes };
  }

  /** Whether it could be: not where chunks overlap. */
  async #consumed(
    pack: number,
    ordinals: readonly number[],
    given: { readonly consumer: Consumer; readonly pool: Pool },
    options: ReadOptions,
  ): Promise<boolean> {
    const { record, places, whole } = this.#wanted(pack, ordinals);
    const stretches = whole
      ? stretchesOf(record, places, this.#stretches.bytes)
      : rangesOf(places, this.#stretches.bytes);
    if (stretches === undefined) return false;
    const check = whole ? new WholePack(record) : undefined;
    const parts = { store: this.#store, catalog: this.catalog, bundle: this.#bundle, record, check, ...given };
    const isRead = await this.#stretches.consume(stretches, { ...parts, ...options });
    if (check !== undefined && isRead) this.#noteWhole(record, check.damage());
    return true;
  }

  /**
   * One chunk from wherever a good copy of it stands, after `failed` places were bad; that is noted as damage that did no harm.
   * Throws `first`, the error of the place tried before, when there is no other.
   */
  async elsewhere(id: Uint8Array, failed: number, first: Error, options: ReadOptions = {}): Promise<Buffer> {
    const replica = await this.#replica(failed, first, options);
    if (replica !== undefined) return replica;
    const tried = new Set([failed]);
    for (let round = 0; ;) {
      const ordinal = this.catalog.table.find(id, (candidate) => !tried.has(candidate));
      if (ordinal < 0) {
        // What a prune moves is in its new place before it leaves the old one; a second prune may move it again.
        if (round >= limits.verifyAttemptsMax) throw first;
        round += 1;
        await this.catalog.refresh();
        await this.catalog.adopt();
        continue;
      }
      tried.add(ordinal);
      let found: Buffer | undefined;
      const { pack } = this.catalog.table.placeOf(ordinal);
      await this.chunks(
        pack,
        [ordinal],
        async (_, plain) => void (found = Buffer.from(plain)),
        () => {},
        options,
      );
      if (found === undefined) continue;
      // A pack that is not there was taken by a prune, which left its chunks elsewhere.
      if (isDamage(first) && first.code !== 'repository.incomplete')
        this.#log.note(damageFrom(first, first.where ?? '', 'pack'));
      return found;
    }
  }

  /** The same chunk of the same pack, from another store that holds it. */
  async #replica(ordinal: number, first: Error, options: ReadOptions): Promise<Buffer | undefined> {
    if (this.#store.doubt === undefined) return undefined;
    const { pack } = this.catalog.table.placeOf(ordinal);
    const name = packName(this.catalog.packs[pack]?.id ?? '');
    // Another chunk of this pack may have been found damaged meanwhile: then what is read now comes from elsewhere already.
    let isElsewhere = this.#doubted.has(name);
    this.#doubted.add(name);
    for (;;) {
      if (!isElsewhere && !this.#store.doubt(name)) return undefined;
      isElsewhere = false;
      let found: Buffer | undefined;
      const take = async (_: number, plain: Buffer): Promise<void> => void (found = Buffer.from(plain));
      await this.chunks(pack, [ordinal], take, () => {}, options);
      if (found === undefined) continue;
      if (isDamage(first)) this.#log.note(damageFrom(first, first.where ?? '', 'pack'));
      return found;
    }
  }

  async #range(
    record: PackRecord,
    range: Range,
    whole: boolean,
    consume: Consume,
    bad: (ordinal: number, error: Error) => void | Promise<void>,
    options: ReadOptions,
  ): Promise<void> {
    const name = packName(record.id);
    let bytes: Buffer;
    try {
      // One byte more than a whole pack has tells a longer one.
      const length = range.length + (whole ? 1 : 0);
      bytes = await this.#store.get(name, { range: { offset: range.offset, length }, ...signalOf(options) });
      if (whole) this.#noteWhole(record, wholeDamage(record, bytes));
    } catch (error) {
      if (!isDamage(error)) throw error;
      for (const { ordinal } of range.places) await bad(ordinal, errorOfObject(error, name) as Error);
      return;
    }
    await consume(record, range, bytes);
  }

  async #openHere(
    record: PackRecord,
    range: Range,
    bytes: Buffer,
    take: (ordinal: number, plain: Buffer) => Promise<void>,
    bad: (ordinal: number, error: Error) => void,
    options: ReadOptions,
  ): Promise<void> {
    const key = packKey(this.#bundle, record);
    await forEachOf(range.places, chunksAtOnce, async ({ ordinal, place }) => {
      const start = place.offset - range.offset;
      const plain =
        key && (await this.#open(key, ordinal, place, bytes.subarray(start, start + place.sealedBytes), options));
      if (plain === undefined) bad(ordinal, changedChunk(record, place));
      else await take(ordinal, plain);
    });
    free(bytes);
  }

  async #openInThreads(
    record: PackRecord,
    range: Range,
    bytes: Buffer,
    consumer: Consumer,
    pool: Pool,
    options: ReadOptions,
  ): Promise<void> {
    await forEachOf(tasksOf(range.places), tasksPerPack, async (places) => {
      const from = (places[0] as Place).place.offset;
      const end = Math.max(...places.map(({ place }) => place.offset + place.sealedBytes));
      const sealed = Uint8Array.from(bytes.subarray(from - range.offset, end - range.offset));
      await openPlaces(places, {
        catalog: this.catalog,
        bundle: this.#bundle,
        record,
        sealed,
        from,
        consumer,
        pool,
        ...options,
      });
    });
    free(bytes);
  }

  async #open(
    key: ObjectKey,
    ordinal: number,
    place: ChunkPlace,
    sealed: Buffer,
    options: ReadOptions,
  ): Promise<Buffer | undefined> {
    if (sealed.length !== place.sealedBytes) return undefined;
    const id = this.catalog.table.idOf(ordinal);
    const plain = await openChunk(key, id, place.number, sealed, place.plainBytes);
    if (plain === undefined || options.rehash !== true) return plain;
    return timingSafeEqual(await chunkIdOf(this.#bundle, plain), id) ? plain : undefined;
  }

  /** Damage anywhere in a pack is told, even where no chunk that is wanted suffers from it. */
  #noteWhole(record: PackRecord, what: string | undefined): void {
    if (what !== undefined)
      this.#log.note({ object: packName(record.id), kind: 'pack', code: 'repository.damaged', what, points: [] });
  }
}

const signalOf = (options: ReadOptions): { signal?: AbortSignal } =>
  options.signal === undefined ? {} : { signal: options.signal };
