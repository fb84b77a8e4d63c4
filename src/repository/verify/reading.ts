import type { StoredObject } from '../../stores/index.ts';
import type { Catalog } from '../read/catalog.ts';
import type { VerifyOptions, VerifyResult } from '../repository.ts';
import { FrozenParts } from './frozen-parts.ts';

/** Which packs a verification reads, and what it then knows of each and of the points that rest on them. */
export class Reading {
  readonly #options: VerifyOptions;
  readonly #catalog: Catalog;
  /** The packs of each point, a bit for each; only where somebody asks. */
  readonly #packsOf = new Map<string, Uint8Array>();
  /** Points with a chunk that no pack holds. */
  readonly #incomplete = new Set<string>();
  /** What is passed over, because it must thaw first. */
  readonly frozen: FrozenParts;
  #chosen: ReadonlySet<string> | undefined;

  constructor(options: VerifyOptions, catalog: Catalog) {
    this.#options = options;
    this.#catalog = catalog;
    this.frozen = new FrozenParts(catalog);
  }

  /** A point rests on a pack; without one it needs what is nowhere. */
  note(point: string, pack: number | undefined): void {
    if (pack !== undefined) this.frozen.note(point, pack);
    if (this.#options.onPack === undefined) return;
    if (pack === undefined) return void this.#incomplete.add(point);
    let bits = this.#packsOf.get(point);
    if (bits === undefined)
      this.#packsOf.set(point, (bits = new Uint8Array(Math.ceil(this.#catalog.packs.length / 8))));
    bits[pack >> 3] = (bits[pack >> 3] ?? 0) | (1 << (pack & 7));
  }

  /** Asks once which of these packs and objects of logs are to be read; the sizes of the others are compared. */
  choose(packs: Iterable<number>, logs: readonly StoredObject[]): void {
    const { choose, depth } = this.#options;
    if (choose === undefined || depth === 'structure') return;
    this.#chosen = choose([
      ...[...packs].flatMap((pack) => (this.#catalog.isFrozen(pack) ? [] : (this.#catalog.packs[pack] ?? []))),
      ...logs.map(({ name: id, bytes }) => ({ id, bytes })),
    ]);
  }

  isLogRead({ name }: StoredObject): boolean {
    return this.#chosen?.has(name) ?? true;
  }

  /** A pack that is read after all: a chunk that is bad where it stands may be good there. */
  also(pack: number): number {
    const { id } = this.#catalog.packs[pack] ?? {};
    if (this.#chosen !== undefined && id !== undefined) this.#chosen = new Set([...this.#chosen, id]);
    return pack;
  }

  isRead(pack: number): boolean {
    if (this.#options.depth === 'structure') return false;
    if (this.frozen.passes(pack)) return false;
    return this.#chosen?.has(this.#catalog.packs[pack]?.id ?? '') ?? true;
  }

  /** Whether a point needs nothing that could not be read. */
  isThere(point: string): boolean {
    return this.#options.depth === 'structure' || !this.frozen.keeps(point);
  }

  /** Of a pack that was chosen every chunk is read, needed or not: then it counts as read whole. */
  ordinalsOf(pack: number, needed: readonly number[]): readonly number[] {
    return this.#chosen === undefined ? needed : this.#catalog.ordinalsOf(pack);
  }

  bytesOf(packs: Iterable<number>): number {
    let bytes = 0;
    for (const pack of packs) {
      if (this.isRead(pack) || this.#options.depth === 'structure') bytes += this.#catalog.packs[pack]?.bytes ?? 0;
    }
    return bytes;
  }

  done(pack: number, ordinals: readonly number[], isBad: (ordinal: number) => boolean): void {
    const record = this.#catalog.packs[pack];
    if (record === undefined || ordinals.length < this.#catalog.ordinalsOf(pack).length) return;
    this.#options.onPack?.({ id: record.id, bytes: record.bytes, sound: !ordinals.some(isBad) });
  }

  told(): Pick<VerifyResult, 'packsOf' | 'frozen'> {
    return { packsOf: (point) => this.#packsOfPoint(point), frozen: this.frozen.told() };
  }

  /** The packs that a point rests on; undefined where that is not known, or one of them is nowhere. */
  #packsOfPoint(point: string): string[] | undefined {
    const bits = this.#packsOf.get(point);
    if (bits === undefined || this.#incomplete.has(point)) return undefined;
    return this.#catalog.packs.flatMap(({ id }, pack) => (((bits[pack >> 3] ?? 0) >> (pack & 7)) & 1 ? [id] : []));
  }
}
