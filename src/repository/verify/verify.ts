import { isLifeboatError, LifeboatError, limits, silentProgress, type Clock } from '../../core/index.ts';
import type { Store, StoredObject } from '../../stores/index.ts';
import { Catalog } from '../read/catalog.ts';
import { Contents } from '../read/contents.ts';
import { damaged, damageFrom, DamageLog, incomplete, isDamage } from '../damage.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { objectOfName, packName, pointName } from '../names.ts';
import { inspectHeaders } from '../format/headers.ts';
import { PackReader } from '../read/pack-reader.ts';
import { fits, type Piece } from '../read/pieces.ts';
import { listPoints } from '../read/point-listing.ts';
import { poolFor, type Pool } from '../pool/index.ts';
import type { StoredPoint } from '../format/point-object.ts';
import type { Damage, VerifyOptions, VerifyResult } from '../repository.ts';
import { listLogs, readLogs } from './logs.ts';
import { verifyOthers, type Others } from './others.ts';
import { bytesOf } from '../replicate/census.ts';
import { isOneGone, readIfThere } from './let-go.ts';
import { NeededChunks } from './needed-chunks.ts';
import { Reading } from './reading.ts';
import { trailerDamage } from './trailer.ts';
import { readChunks } from './chunks.ts';
import { forEachOf } from '../tasks.ts';

/** Looks at a repository with fresh eyes: nothing that this process already knows of it is trusted. */
export async function verifyRepository(
  store: Store,
  bundle: KeyBundle,
  clock: Clock,
  options: VerifyOptions,
): Promise<VerifyResult> {
  for (let attempt = 1; ; attempt += 1) {
    const verification = new Verification(store, bundle, clock, options);
    const result = await verification.run();
    if (!verification.wasOvertaken || attempt >= limits.verifyAttemptsMax) return result;
  }
}

class Verification {
  readonly #store: Store;
  readonly #bundle: KeyBundle;
  readonly #clock: Clock;
  readonly #options: VerifyOptions;
  readonly #log = new DamageLog();
  readonly #catalog: Catalog;
  readonly #reader: PackReader;
  readonly #reading: Reading;
  readonly #checked = { objects: 0, bytes: 0, chunks: 0, plainBytes: 0, points: 0 };
  /** Sizes of the packs that the store lists, by their numbers. */
  readonly #listed = new Map<number, StoredObject>();
  /** Chunks, by ordinal, that cannot be read where they stand. */
  readonly #bad = new Set<number>();
  readonly #suffering = new Set<string>();
  #pool: Pool | undefined;
  /** A pack that was listed, or a point, went meanwhile: a prune was at work, and what there is is to be looked up anew. */
  wasOvertaken = false;

  constructor(store: Store, bundle: KeyBundle, clock: Clock, options: VerifyOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#bundle = bundle;
    this.#options = options;
    this.#catalog = new Catalog(store, bundle, this.#log);
    this.#reader = new PackReader(store, bundle, this.#catalog, this.#log);
    this.#reading = new Reading(options, this.#catalog);
  }

  async run(): Promise<VerifyResult> {
    const { depth, progress = silentProgress, onPack } = this.#options;
    progress.phase('structure');
    this.#checked.objects += await inspectHeaders(this.#store, this.#bundle.repository, this.#log);
    const points = await this.#readPoints();
    await this.#readCatalog();
    const needed = await this.#neededChunks(points);
    const { frozen } = this.#reading;
    if (depth !== 'structure') await frozen.lookForThawed(this.#store, this.#clock.now(), () => this.#requireGoing());
    // One that is gone only matters to points that need it.
    const isOfAll = depth === 'everything';
    const packs = isOfAll ? needed.packs.union(this.#listed) : needed.packs;
    const logs = depth === 'structure' ? [] : await listLogs(this.#store, isOfAll ? undefined : this.#options.logs);
    this.#reading.choose(packs, logs);
    const bytes = this.#reading.bytesOf(packs);
    const logsToRead = logs.filter((object) => this.#reading.isLogRead(object));
    progress.phase(depth === 'structure' ? 'sizes' : 'packs', { bytes: bytes + bytesOf(logsToRead) });
    this.#pool = depth === 'structure' ? undefined : poolFor(bytes);
    const isAll = (pack: number): boolean => isOfAll && this.#listed.has(pack);
    await forEachOf(packs, this.#reader.packsAtOnce, async (pack) =>
      this.#verifyPack(pack, isAll(pack) ? this.#catalog.ordinalsOf(pack) : needed.inPack(pack, this.#catalog)),
    );
    await readLogs(logsToRead, { ...this.#others, onPack, progress, atOnce: this.#reader.packsAtOnce });
    if (isOfAll) await verifyOthers(this.#others);
    else
      await forEachOf(this.#otherPlaces(), this.#reader.packsAtOnce, async ([pack, some]) =>
        this.#verifyPack(pack, some),
      );
    if (frozen.hasMore) await this.#neededChunks(points);
    if (this.#bad.size > 0) for (const point of points) await this.#blame(point);
    this.wasOvertaken ||= await isOneGone(this.#store, this.#suffering);
    const isSound = (id: string): boolean => !this.#suffering.has(id) && this.#reading.isThere(id);
    const sound = points.map(({ point }) => point.id).filter(isSound);
    return { checked: this.#checked, damage: this.#log.list(), sound, ...this.#reading.told() };
  }

  async #readPoints(): Promise<StoredPoint[]> {
    const chosen = this.#options.points;
    if (chosen === undefined) {
      const { stored, damage } = await listPoints(this.#store, this.#bundle, this.#options.signal);
      damage.forEach((one) => this.#log.note(one));
      this.#checked.points = stored.length + damage.length;
      this.#checked.objects += this.#checked.points;
      return stored;
    }
    const stored: StoredPoint[] = [];
    for (const { id } of chosen) {
      const point = await this.#try(pointName(id), 'point', [id], () => readIfThere(this.#store, this.#bundle, id));
      if (point !== undefined) stored.push(point);
    }
    this.#checked.points = stored.length + this.#suffering.size;
    this.#checked.objects += this.#checked.points;
    return stored;
  }

  async #readCatalog(): Promise<void> {
    await this.#catalog.refresh();
    for (const object of await this.#catalog.adopt()) {
      const number = this.#catalog.numberOf(objectOfName(object.name).id);
      if (number !== undefined) this.#listed.set(number, object);
    }
  }

  /** Reads the entries of each point. */
  async #neededChunks(points: readonly StoredPoint[]): Promise<NeededChunks> {
    const needed = new NeededChunks();
    for (const point of points) {
      for await (const ordinal of this.#ordinalsOf(point)) {
        const pack = ordinal < 0 ? undefined : this.#catalog.table.packOf(ordinal);
        this.#reading.note(point.point.id, pack);
        if (pack !== undefined) needed.add(ordinal, pack);
      }
    }
    return needed;
  }

  /** Every chunk of a point, -1 for one that no pack holds. What goes wrong on the way is noted. */
  async *#ordinalsOf(stored: StoredPoint): AsyncGenerator<number> {
    const { id } = stored.point;
    const name = pointName(id);
    const contents = new Contents({ reader: this.#reader, stored, log: this.#log, signal: this.#options.signal });
    try {
      for (const piece of stored.list.pieces) yield this.#locate(piece, id);
      for await (const { pieces } of contents.listed()) {
        this.#requireGoing();
        for (const piece of pieces) yield this.#locate(piece, id);
      }
    } catch (error) {
      // Those of single objects were told in our words already: what the store itself says here is of a listing.
      if (!isDamage(error) || error.code === 'store.io') throw error;
      const object = error.where ?? name;
      this.#note(damageFrom(error, object, objectOfName(object).kind, [id]));
    }
  }

  #locate(piece: Piece, point: string): number {
    const { table } = this.#catalog;
    // A pack that a prune has taken may still stand in an index.
    const listed = this.#catalog.find(piece.id, (candidate) => this.#listed.has(table.packOf(candidate)));
    const ordinal = listed < 0 ? table.find(piece.id) : listed;
    const held = ordinal < 0 ? undefined : this.#catalog.table.placeOf(ordinal).plainBytes;
    if (held !== undefined && fits(piece, held)) return ordinal;
    const what =
      held === undefined
        ? `it needs the chunk ${piece.id.toString('hex')}, which no pack holds`
        : `it needs ${piece.bytes} bytes of the chunk ${piece.id.toString('hex')}, which has ${held}`;
    this.#note({ object: pointName(point), kind: 'point', code: 'repository.incomplete', what, points: [point] });
    return ordinal;
  }

  /** Where the place of a chunk that was read is bad, its other places decide: by pack. */
  #otherPlaces(): Map<number, number[]> {
    const { table } = this.#catalog;
    const others = new Set<number>();
    for (const bad of this.#bad) {
      table.find(table.idOf(bad), (candidate) => {
        if (candidate !== bad) others.add(candidate);
        return false;
      });
    }
    return Map.groupBy(others, (ordinal) => this.#reading.also(table.packOf(ordinal)));
  }

  async #verifyPack(pack: number, needed: readonly number[]): Promise<void> {
    this.#requireGoing();
    const ordinals = this.#reading.ordinalsOf(pack, needed);
    const { depth, progress = silentProgress } = this.#options;
    const record = this.#catalog.packs[pack];
    const object = this.#listed.get(pack);
    if (record === undefined) return;
    const name = packName(record.id);
    this.#checked.objects += 1;
    this.#checked.bytes += object?.bytes ?? 0;
    if (object === undefined) return this.#allBad(ordinals, incomplete(name));
    if (!this.#reading.isRead(pack)) {
      if (object.bytes !== record.bytes)
        this.#allBad(
          ordinals,
          damaged(name, `the object is ${object.bytes} bytes long, its index says ${record.bytes}`),
        );
      return;
    }
    try {
      await this.#verifyChunks(pack, ordinals);
      if (depth === 'everything') await this.#verifyTrailer(object, pack);
    } catch (error) {
      // Its thaw ended, or it was moved since it was listed: nothing is known of it, and the rest is read all the same.
      if (!isLifeboatError(error, 'store.frozen')) throw error;
      return this.#reading.frozen.froze(pack);
    }
    this.#reading.done(pack, ordinals, (ordinal) => this.#bad.has(ordinal));
    progress.advance({ bytes: record.bytes });
  }

  #verifyChunks(pack: number, ordinals: readonly number[]): Promise<void> {
    const good = (plainBytes: number): void => {
      this.#checked.chunks += 1;
      this.#checked.plainBytes += plainBytes;
    };
    const bad = (ordinal: number, error: Error): void => this.#allBad([ordinal], error);
    const { signal } = this.#options;
    return readChunks(this.#reader, pack, ordinals, { good, bad, signal, pool: this.#pool });
  }

  async #verifyTrailer(object: StoredObject, pack: number): Promise<void> {
    const damage = await trailerDamage(this.#store, this.#bundle, this.#catalog, object, pack);
    if (damage !== undefined) this.#note(damage);
  }

  get #others(): Others {
    return {
      store: this.#store,
      bundle: this.#bundle,
      checked: this.#checked,
      note: (damage) => this.#note(damage),
      requireGoing: () => this.#requireGoing(),
    };
  }

  /** Finds out whether a point suffers from bad chunks, and by which packs. */
  async #blame(stored: StoredPoint): Promise<void> {
    const { table } = this.#catalog;
    const packs = new Set<number>();
    for await (const ordinal of this.#ordinalsOf(stored)) {
      if (ordinal < 0) continue;
      const id = table.idOf(ordinal);
      if (table.find(id, (candidate) => !this.#bad.has(candidate) && this.#listed.has(table.packOf(candidate))) >= 0)
        continue;
      table.find(id, (candidate) => {
        packs.add(table.packOf(candidate));
        return false;
      });
    }
    const names = new Set([...packs].map((pack) => packName(this.#catalog.packs[pack]?.id ?? '')));
    for (const one of this.#log.list()) {
      if (names.has(one.object)) this.#note({ ...one, points: [stored.point.id] });
    }
  }

  #allBad(ordinals: readonly number[], error: Error): void {
    if (!isDamage(error)) throw error;
    for (const ordinal of ordinals) this.#bad.add(ordinal);
    this.#note(damageFrom(error, error.where ?? '', 'pack'));
  }

  async #try<T>(
    object: string,
    kind: Damage['kind'],
    points: string[],
    work: () => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#note(damageFrom(error, object, kind, points));
      return undefined;
    }
  }

  #note(damage: Damage): void {
    for (const id of damage.points) this.#suffering.add(id);
    const pack = this.#catalog.numberOf(objectOfName(damage.object).id);
    this.wasOvertaken ||= damage.code === 'repository.incomplete' && pack !== undefined && this.#listed.has(pack);
    this.#log.note(damage);
  }

  #requireGoing(): void {
    if (this.#options.signal?.aborted === true)
      throw new LifeboatError('operation.cancelled', 'the verification was stopped on request');
  }
}
