import type { LogWriter, PointContents } from '../assets/index.ts';
import { isLifeboatError, isTimeId, LifeboatError, limits, timeId, type Clock, type Progress } from '../core/index.ts';
import type { Store, StoredObject } from '../stores/index.ts';
import { Catalog } from './read/catalog.ts';
import { Contents } from './read/contents.ts';
import { DamageLog, isDamage } from './damage.ts';
import { logIdOf, StoredLog } from './logs/index.ts';
import { mendTwins } from './verify/mend.ts';
import type { KeyBundle } from './keys/keys.ts';
import { objectOfName, packName, pointName } from './names.ts';
import { Anew } from './replicate/anew.ts';
import { PackReader } from './read/pack-reader.ts';
import { noSuchPoint, readPoint, type StoredPoint } from './format/point-object.ts';
import { readCondemned, type CondemnedList } from './format/condemned-object.ts';
import { readCooling } from './format/cooling-object.ts';
import { coldPartsOf, coolRepository, type ColdPart, type CoolOptions, type CoolResult } from './tiers/index.ts';
import { isTombstone } from './format/tombstone.ts';
import { lacksOf } from './read/lacks.ts';
import { listKnownPoints } from './read/point-listing.ts';
import { putPiece, readChains, shippedHead } from './journal/journal-object.ts';
import { compactPieces } from './journal/compact.ts';
import { storeIndex } from './format/index-object.ts';
import type { HostIdentity } from '../journal/index.ts';
import { listHolds, putHold, removeHold } from './holds/index.ts';
import type {
  Damage,
  Hold,
  Point,
  PointCache,
  PointsOptions,
  PointWriter,
  Repository,
  VerifyOptions,
  VerifyResult,
  WriteOptions,
} from './repository.ts';
import { closeSession, openSession } from './write/sessions.ts';
import { pruneRepository, type PruneOptions, type PruneResult } from './prune/index.ts';
import { verifyRepository } from './verify/verify.ts';
import { AgainstList } from './write/against-list.ts';
import { PreviousList } from './write/previous-list.ts';
import { Writer, type WriterParts } from './write/writer.ts';

/** A repository whose key is open. */
export class OpenedRepository implements Repository {
  readonly id: string;
  readonly location: string;
  readonly #store: Store;
  readonly #bundle: KeyBundle;
  readonly #log: DamageLog;
  readonly #clock: Clock;
  readonly #catalog: Catalog;

  readonly #points: PointCache | undefined;

  constructor(store: Store, bundle: KeyBundle, clock: Clock, log: DamageLog, points?: PointCache) {
    this.#clock = clock;
    this.#points = points;
    this.id = bundle.repository;
    this.location = store.location;
    this.#store = store;
    this.#bundle = bundle;
    this.#log = log;
    this.#catalog = new Catalog(store, bundle, log);
  }

  async write(options: WriteOptions): Promise<PointWriter> {
    const id = timeId(options.clock.now());
    const [store, bundle] = [this.#store, this.#bundle];
    try {
      const own = { id, host: options.host, asset: options.asset, nowMs: options.clock.now() };
      const session = await openSession(store, bundle, own, this.#log);
      await mendTwins(store, this.id, this.#log);
      // In this order: what is condemned after the session was opened waits for it; what is gone is not listed.
      const condemned = await readCondemned(store, options.signal);
      condemned.damage.forEach((one) => this.#log.note(one));
      const cooling = await readCooling(store, options.signal);
      cooling.damage.forEach((one) => this.#log.note(one));
      await this.#catalog.refresh();
      const listed = (await this.#catalog.adopt()).filter(
        ({ name, frozen }) => frozen !== true && !cooling.packs.has(objectOfName(name).id),
      );
      const present = this.#presentPacks(listed, condemned, options.distrust);
      const previous = this.#previousOf(options);
      return new Writer(
        { store, bundle, catalog: this.#catalog, present, id, session, log: this.#log, previous },
        options,
      );
    } catch (error) {
      await closeSession(store, id).catch((second: unknown) => {
        // The store that broke the start may still be away; the next writer on this host removes the session.
        if (!isLifeboatError(second)) throw second;
      });
      throw error;
    }
  }

  async points(options: PointsOptions = {}): Promise<{ points: Point[]; damage: Damage[] }> {
    return listKnownPoints(this.#store, this.#bundle, { ...options, cache: this.#points, clock: this.#clock });
  }

  async point(id: string): Promise<Point> {
    return (await this.#stored(id)).point;
  }

  async forget(id: string): Promise<void> {
    const name = pointName(id);
    if (!isTimeId(id) || (await isAbsent(this.#store, id))) throw noSuchPoint(id);
    await this.#store.remove(name);
    if ((await this.#store.stat(name)) === undefined) return;
    throw new LifeboatError('store.denied', `the store keeps the point ${id}`, {
      where: name,
      hint: 'A lock or hold of the store is on it: it can go when that has ended.',
    });
  }

  async contents(
    point: Point,
    options: { signal?: AbortSignal; progress?: Progress } = {},
  ): Promise<PointContents & { damage(): Damage[] }> {
    return this.#contentsOf(point, options);
  }

  damage(): Damage[] {
    return this.#log.list();
  }

  log(asset: string, source: string): LogWriter {
    return new StoredLog(this.#store, this.#bundle, logIdOf(this.#bundle, asset, source));
  }

  holds(options: { signal?: AbortSignal } = {}): Promise<{ holds: Hold[]; damage: Damage[] }> {
    return listHolds(this.#store, this.#bundle, options.signal);
  }

  hold(hold: Hold, sealed?: Buffer): Promise<Buffer> {
    return putHold(this.#store, this.#bundle, hold, sealed);
  }

  release(hold: string): Promise<void> {
    return removeHold(this.#store, hold);
  }

  putJournal(identity: HostIdentity, piece: Parameters<Repository['putJournal']>[1]): Promise<void> {
    return putPiece(this.#store, this.#bundle, identity, piece);
  }

  compactJournal(identity: HostIdentity): Promise<number> {
    return compactPieces(this.#store, this.#bundle, identity);
  }

  shippedHead(chain: string): ReturnType<Repository['shippedHead']> {
    return shippedHead(this.#store, this.#bundle, chain);
  }

  journals(): ReturnType<Repository['journals']> {
    return readChains(this.#store, this.#bundle);
  }

  async rebuildIndex(): Promise<number> {
    await this.#catalog.refresh();
    await this.#catalog.adopt();
    const adopted = this.#catalog.adopted();
    if (adopted.length > 0) await storeIndex(this.#store, this.#bundle, adopted);
    return adopted.length;
  }

  verify(options: VerifyOptions): Promise<VerifyResult> {
    return verifyRepository(this.#store, this.#bundle, this.#clock, options);
  }

  over(place: Store): Repository {
    return new OpenedRepository(place, this.#bundle, this.#clock, new DamageLog());
  }

  async lacks(point: string, present: ReadonlySet<string>): Promise<string[]> {
    const { contents, reader, stored } = await this.#needsOf(point);
    return lacksOf(contents, reader, stored, present);
  }

  anewIn(target: Store, options: { signal?: AbortSignal; progress?: Progress }): (point: string) => Promise<string[]> {
    const anew = new Anew({ bundle: this.#bundle, target, ...options });
    return async (point) => {
      const { contents, reader, stored } = await this.#needsOf(point);
      return anew.bring(reader, contents, stored);
    };
  }

  prune(options: PruneOptions): Promise<PruneResult> {
    return pruneRepository(this.#store, this.#bundle, options);
  }

  cool(options: CoolOptions): Promise<CoolResult> {
    return coolRepository(this.#store, this.#bundle, options);
  }

  async cold(points: readonly Point[], options: { signal?: AbortSignal } = {}): Promise<Map<string, ColdPart>> {
    return coldPartsOf(this.#store, this.#bundle, points, options.signal);
  }

  async condemned(): Promise<Set<string>> {
    return new Set([...(await readCondemned(this.#store)).packs].map(packName));
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  async #stored(id: string): Promise<Awaited<ReturnType<typeof readPoint>>> {
    try {
      return await readPoint(this.#store, this.#bundle, id);
    } catch (error) {
      if (isLifeboatError(error, 'store.missing')) throw noSuchPoint(id);
      throw error;
    }
  }

  async #needsOf(point: string): Promise<{ contents: Contents; reader: PackReader; stored: StoredPoint }> {
    const stored = await this.#stored(point);
    await this.#catalog.refresh();
    const reader = new PackReader(this.#store, this.#bundle, this.#catalog, this.#log);
    return { contents: new Contents({ reader, stored, log: this.#log, signal: undefined }), reader, stored };
  }

  async #contentsOf(point: Point, options: { signal?: AbortSignal; progress?: Progress } = {}): Promise<Contents> {
    const stored = await this.#stored(point.id);
    await this.#catalog.refresh();
    await this.#catalog.lookForFrozen();
    const reader = new PackReader(this.#store, this.#bundle, this.#catalog, this.#log);
    return new Contents({ reader, stored, log: this.#log, signal: options.signal, progress: options.progress });
  }

  /** Nothing is read of it until the first file is looked for. */
  #previousOf({ previous, against }: WriteOptions): WriterParts['previous'] {
    const linesOf = async function* (contents: Promise<Contents>): AsyncGenerator<string[]> {
      yield* (await contents).lines();
    };
    if (against !== undefined) return () => new AgainstList(() => linesOf(this.#contentsOf(against)));
    if (previous === undefined) return undefined;
    const contents = (): Promise<Contents> => this.#contentsOf(previous);
    const lines = async function* (): AsyncGenerator<string[]> {
      yield* linesOf(contents());
    };
    return (isStored) => new PreviousList(lines(), previous.facts.beganMs ?? previous.atMs, isStored);
  }

  /**
   * A chunk counts as known only if its pack is listed at its full size, and not condemned: what is gone, cut or about to go is
   * stored again; so is what is frozen, or about to be.
   */
  #presentPacks(
    listed: readonly StoredObject[],
    condemned: CondemnedList,
    distrust?: ReadonlySet<string>,
  ): Set<number> {
    const present = new Set<number>();
    if (condemned.damage.length > 0) return present;
    for (const { name, bytes } of listed) {
      const { kind, id } = objectOfName(name);
      const number = kind === 'pack' ? this.#catalog.numberOf(id) : undefined;
      if (number === undefined || distrust?.has(name) === true || condemned.packs.has(id)) continue;
      if (this.#catalog.packs[number]?.bytes === bytes) present.add(number);
    }
    return present;
  }
}

/** A name that is only claimed is no point; a damaged object is one that can be given up. */
async function isAbsent(store: Store, id: string): Promise<boolean> {
  if ((await store.stat(pointName(id))) === undefined) return true;
  try {
    return isTombstone(await store.get(pointName(id), { range: { offset: 0, length: limits.headerBytesMax } }), id);
  } catch (error) {
    if (isLifeboatError(error, 'store.missing')) return true;
    if (isDamage(error)) return false;
    throw error;
  }
}
