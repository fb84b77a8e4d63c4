import { closeSync, openSync } from 'node:fs';
import { limits } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { packName } from '../names.ts';
import type { PackRecord } from '../format/pack-format.ts';
import { objectKey } from '../format/seal.ts';
import { placeInThread, type OpenTarget, type Pool } from '../pool/index.ts';
import type { Catalog } from './catalog.ts';

export interface Placed {
  readonly ordinal: number;
  readonly target: OpenTarget;
  /** Only so much of the chunk, all of it within one multiple of `limits.fixedChunkBytes` of the file. */
  readonly part?: { readonly from: number; readonly bytes: number };
}

/** A chunk, and all of its parts that stand in one stretch of a file. */
interface Wanted {
  readonly ordinal: number;
  readonly target: OpenTarget;
  readonly parts?: number[];
  readonly of: Placed[];
}

interface OpenPack {
  readonly file: number;
  readonly key: Uint8Array;
}

/** Packs that are files of this machine: threads read of them what they need by themselves, in any order. */
export class LocalPacks {
  readonly #fileOf: (name: string) => string;
  readonly #bundle: KeyBundle;
  readonly #catalog: Catalog;

  constructor(fileOf: (name: string) => string, bundle: KeyBundle, catalog: Catalog) {
    this.#fileOf = fileOf;
    this.#bundle = bundle;
    this.#catalog = catalog;
  }

  /**
   * Has chunks written to their places by a thread, each authenticated together with its id before. Returns those that are bad or cannot be read, and
   * why is for whoever reads them through the store. Throws what writing throws.
   */
  async place(chunks: readonly Placed[], pool: Pool, lane: number): Promise<Placed[]> {
    const { table } = this.#catalog;
    const packs = new Map<number, { readonly at: number; readonly pack: OpenPack }>();
    const [good, bad]: [Wanted[], Wanted[]] = [[], []];
    try {
      for (const one of wantedOf(chunks)) {
        const { pack } = table.placeOf(one.ordinal);
        const opened = packs.get(pack)?.pack ?? this.#open(this.#catalog.packs[pack] as PackRecord);
        if (opened !== undefined && !packs.has(pack)) packs.set(pack, { at: packs.size, pack: opened });
        (opened === undefined ? bad : good).push(one);
      }
      const request = good.map(({ ordinal, target, parts }) => {
        const place = table.placeOf(ordinal);
        const { at } = packs.get(place.pack) as { at: number };
        return { ...place, id: Uint8Array.from(table.idOf(ordinal)), pack: at, target, ...(parts && { parts }) };
      });
      const found = await placeInThread(
        pool,
        { packs: [...packs.values()].map(({ pack }) => pack), chunks: request },
        lane,
      );
      return [...bad, ...found.map((at) => good[at] as Wanted)].flatMap(({ of }) => of);
    } finally {
      for (const { pack } of packs.values()) closeSync(pack.file);
    }
  }

  #open(record: PackRecord): OpenPack | undefined {
    const name = packName(record.id);
    const key = objectKey(this.#bundle, 'pack', name, record.epoch, Buffer.from(record.id, 'hex'));
    if (key === undefined) return undefined;
    try {
      return { file: openSync(this.#fileOf(name), 'r'), key: Uint8Array.from(key.raw) };
    } catch {
      // Missing, or not to be read: asked for through the store, it gets the error that says which.
      return undefined;
    }
  }
}

/** `chunks` of one file, in its order: a chunk that stands in a stretch of it again and again is named once. */
function wantedOf(chunks: readonly Placed[]): Wanted[] {
  const wanted: Wanted[] = [];
  let stretch: number | undefined;
  let here = new Map<number, Wanted>();
  for (const one of chunks) {
    const { ordinal, target, part } = one;
    if (part === undefined) {
      wanted.push({ ordinal, target, of: [one] });
      continue;
    }
    const offset = target.offset - (target.offset % limits.fixedChunkBytes);
    if (offset !== stretch) here = new Map();
    stretch = offset;
    let chunk = here.get(ordinal);
    if (chunk === undefined) {
      chunk = { ordinal, target: { ...target, offset }, parts: [], of: [] };
      here.set(ordinal, chunk);
      wanted.push(chunk);
    }
    chunk.parts?.push(part.from, part.bytes, target.offset);
    chunk.of.push(one);
  }
  return wanted;
}

/** Undefined where objects are no files of this machine. */
export const localPacksOf = (store: Store, bundle: KeyBundle, catalog: Catalog): LocalPacks | undefined =>
  store.fileOf === undefined ? undefined : new LocalPacks((name) => store.fileOf?.(name) ?? '', bundle, catalog);
