import type { CaptureFacts, Entry } from '../../assets/index.ts';
import { assert, isLifeboatError, LifeboatError, limits, shownName, systemCalls } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import type { Catalog } from '../read/catalog.ts';
import { ChunkSink, type StoredIds } from './chunk-sink.ts';
import { settled } from './coming-piece.ts';
import type { DamageLog } from '../damage.ts';
import { storeIndex } from '../format/index-object.ts';
import { Intake } from './intake.ts';
import { spareMemory } from './writing-memory.ts';
import { gearTable, type KeyBundle } from '../keys/keys.ts';
import { pointName } from '../names.ts';
import type { IndexedPack } from '../format/pack-format.ts';
import { PackWriter } from './pack-writer.ts';
import { sealPoint } from '../format/point-object.ts';
import { OldChunks } from './pages/old-chunks.ts';
import type { EarlierList } from './previous-list.ts';
import { readBack } from './read-back.ts';
import type { Point, PointWriter, WriteOptions } from '../repository.ts';
import { isTombstone } from '../format/tombstone.ts';
import { closeSession, type OpenedSession } from './sessions.ts';
import { requireInside } from '../tree/tree-path.ts';

export interface WriterParts {
  readonly store: Store;
  readonly bundle: KeyBundle;
  readonly catalog: Catalog;
  /** Whether a pack, by its number, is in the store at its full size. */
  readonly present: ReadonlySet<number>;
  readonly id: string;
  readonly session: OpenedSession;
  /** The repository's own: what a read-back finds is told there. */
  readonly log: DamageLog;
  /** The entry list of the point before, if there is one; `isStored` tells whether a chunk is still there. */
  readonly previous?: ((isStored: (id: Buffer) => boolean) => EarlierList) | undefined;
}

export class Writer implements PointWriter {
  readonly #parts: WriterParts;
  readonly #options: WriteOptions;
  readonly #startedMs: number;
  readonly #sink: ChunkSink;
  readonly #previous: EarlierList | undefined;
  readonly #intake: Intake;
  readonly #endSparing = spareMemory();
  #error: unknown;
  #ended = false;

  constructor(parts: WriterParts, options: WriteOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#startedMs = options.clock.elapsed();
    const { store, bundle, catalog, present } = parts;
    const packs = new PackWriter(store, options.signal);
    const stored = storedIds(catalog, present);
    this.#sink = new ChunkSink(bundle, packs, stored, options.progress);
    this.#previous = parts.previous?.(stored.has);
    this.#intake = new Intake({
      sink: this.#sink,
      gear: gearTable(bundle),
      options,
      previous: this.#previous,
      old: new OldChunks({ ...parts, signal: options.signal }),
      requireOpen: () => this.#requireOpen(),
    });
  }

  async add(entry: Entry): Promise<void> {
    this.#requireOpen();
    requireInside(entry.path);
    const hasContent = entry.type === 'file' || entry.type === 'hardlink';
    assert(entry.content === undefined || hasContent, 'only files have content');
    const isLink = entry.type === 'symlink' || entry.type === 'hardlink';
    assert(isLink === (entry.target !== undefined), 'a link, and nothing else, has a target');
    await this.#intake.add(entry);
  }

  async settle(): Promise<{ vanished: readonly string[] }> {
    await this.#intake.settle();
    this.#requireOpen();
    return { vanished: this.#intake.vanished };
  }

  async commit(facts: CaptureFacts, options: { planHash: string; tool: string }): Promise<Point> {
    this.#requireOpen();
    const { store, bundle, id, session } = this.#parts;
    const list = await this.#intake.finish();
    const written = await this.#sink.finish();
    this.#requireOpen();
    const index = await storeIndex(store, bundle, [...this.#adopted(), ...written], {
      ids: session.index,
      // It is read back below, with all else that the point needs.
      put: (place, name, bytes) => place.put(name, [bytes]),
    });
    const pieces = await settled(list.pieces);
    this.#requireOpen();
    // What packs were filled in is not what a list is read back into: both would be held at once.
    this.#endSparing();
    systemCalls()?.giveBackFreed();
    await readBack({
      ...this.#parts,
      written: new Set(written.map(({ pack }) => pack.id)),
      index: index.map(({ name }) => name),
      pieces,
      neededBy: pointName(id),
    });
    const point: Point = {
      id,
      asset: this.#options.asset,
      assetType: this.#options.assetType,
      kind: facts.kind,
      atMs: facts.atMs,
      createdMs: this.#options.clock.now(),
      host: this.#options.host,
      bytes: this.#intake.bytes,
      files: this.#intake.files,
      storedBytes: [...written.map(({ pack }) => pack), ...index].reduce((total, { bytes }) => total + bytes, 0),
      seconds: (this.#options.clock.elapsed() - this.#startedMs) / 1000,
      planHash: options.planHash,
      tool: options.tool,
      facts: { ...facts, warnings: [...facts.warnings, ...this.#warnings()] },
    };
    const sealed = await sealPoint(bundle, { point, list: { bytes: list.bytes, pieces } });
    this.#requireOpen();
    await createPoint(store, id, sealed);
    await this.#endSession();
    return point;
  }

  async abandon(): Promise<void> {
    if (this.#ended) return;
    this.#error ??= new LifeboatError('operation.cancelled', 'the backup was abandoned');
    await this.#intake.abandon();
    await this.#sink.settle();
    await this.#endSession();
  }

  async #endSession(): Promise<void> {
    this.#ended = true;
    this.#endSparing();
    try {
      await closeSession(this.#parts.store, this.#parts.id);
    } catch (error) {
      // The point stands or falls without it: the next writer on this host finds the session and removes it.
      if (!isLifeboatError(error)) throw error;
    }
  }

  /**
   * Packs that no index covers get into ours, but for those that are distrusted or condemned. While others are at work the packs may
   * be theirs, and a prune shall be able to tell: it leaves alone what no index covers.
   */
  #adopted(): IndexedPack[] {
    const { catalog, present, session } = this.#parts;
    if (session.others > 0) return [];
    return catalog.adopted().filter(({ pack }) => present.has(catalog.numberOf(pack.id) ?? -1));
  }

  #warnings(): string[] {
    const { torn, vanished } = this.#intake;
    const failure = this.#previous?.failure;
    return [...torn.map(tornSentence), ...vanished.map(vanishedSentence), ...(failure === undefined ? [] : [failure])];
  }

  #requireOpen(): void {
    if (this.#options.signal?.aborted === true)
      throw new LifeboatError('operation.cancelled', 'the backup was stopped on request');
    if (this.#error !== undefined) throw this.#error;
    assert(!this.#ended, 'a writer is used until commit or abandon');
  }
}

/** A chunk counts as stored only where its pack is present. */
function storedIds({ table, packs }: Catalog, present: ReadonlySet<number>): StoredIds {
  const isPresent = (ordinal: number): boolean => present.has(table.packOf(ordinal));
  return {
    has: (id) => table.find(id, isPresent) >= 0,
    shared() {
      const { first, stored } = table.share();
      const ids = function* (): Generator<Uint8Array> {
        for (let ordinal = first; ordinal < table.size; ordinal += 1) if (isPresent(ordinal)) yield table.idOf(ordinal);
      };
      return {
        size: table.size - first,
        ids: ids(),
        onDisk: stored && { ...stored, present: bitsOf(present, packs.length) },
      };
    },
  };
}

function bitsOf(numbers: ReadonlySet<number>, count: number): Uint8Array<SharedArrayBuffer> {
  const bits = new Uint8Array(new SharedArrayBuffer(Math.ceil(count / 8)));
  for (const number of numbers) bits[number >> 3] = (bits[number >> 3] as number) | (1 << (number & 7));
  return bits;
}

const tornSentence = (path: string): string =>
  `${shownName(path)} changed each of the ${limits.rereadsMax + 1} times it was read: its content is a mix of several states`;

const vanishedSentence = (path: string): string =>
  `${shownName(path)} was removed before it could be read and is not in the point`;

const evicted = (id: string, cause: unknown): LifeboatError =>
  new LifeboatError('point.evicted', `a prune gave up this backup while it was at work: its point ${id} was not made`, {
    where: pointName(id),
    hint: 'Back up once more. Whoever runs `store prune --evict` should name only backups that are dead.',
    cause,
  });

/** Makes the point visible. A point of that name is ours only if it holds the very same bytes (a put that was repeated). */
async function createPoint(store: Store, id: string, sealed: Buffer): Promise<void> {
  const name = pointName(id);
  try {
    await store.put(name, [sealed], { ifAbsent: true });
  } catch (error) {
    if (!isLifeboatError(error, 'store.exists')) throw error;
    const there = await store.get(name);
    if (isTombstone(there, id)) throw evicted(id, error);
    if (!there.equals(sealed)) throw error;
  }
  if ((await store.get(name)).equals(sealed)) return;
  // A store that keeps something else than it was given: what is visible now is no point, and only we know of it.
  await store.remove(name);
  throw new LifeboatError('repository.damaged', 'the store did not keep the point as it was written', {
    where: name,
    hint: 'Look after its disk or bucket before the next backup.',
  });
}
