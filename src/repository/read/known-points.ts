import { randomBytes } from 'node:crypto';
import { isLifeboatError, limits, type Clock } from '../../core/index.ts';
import type { Store, StoredObject } from '../../stores/index.ts';
import { isDamage } from '../damage.ts';
import { readPoint } from '../format/point-object.ts';
import { openDocument, sealDocument } from '../format/seal.ts';
import type { KeyBundle } from '../keys/keys.ts';
import type { Point, PointCache } from '../repository.ts';

interface Known {
  /** Of the object in the store, sealed. */
  readonly bytes: number;
  readonly readMs: number;
  readonly point: Point;
}

interface Places {
  readonly store: Store;
  readonly bundle: KeyBundle;
  readonly cache: PointCache | undefined;
  readonly clock: Clock;
}

/** Of another form what was kept is not understood, and everything is read again. */
const form = 1;

/** Points as they were read before, all of one store in one document sealed by the repository's key; and from the store where nothing was. */
export class KnownPoints {
  readonly #places: Places;
  readonly #before: ReadonlyMap<string, Known>;
  /** Names that are not believed: what is there is read. */
  readonly #again: ReadonlySet<string>;
  readonly #now = new Map<string, Known>();
  #isNew = false;

  private constructor(places: Places, before: ReadonlyMap<string, Known>, again: ReadonlySet<string>) {
    this.#places = places;
    this.#before = before;
    this.#again = again;
  }

  /** With `fresh` nothing that was kept is believed. */
  static async open(places: Places, fresh: boolean): Promise<KnownPoints> {
    const before = await keptOf(places);
    return new KnownPoints(places, before, fresh ? new Set(before.keys()) : newestOf(before));
  }

  /** From what was kept only where the store lists its name with its size, and for a day, that damage shows. Throws as `readPoint`. */
  async point({ name, bytes }: StoredObject, id: string): Promise<Point> {
    const { store, bundle, clock } = this.#places;
    const before = this.#before.get(name);
    const nowMs = clock.now();
    // A clock that was put back makes nothing younger than it is.
    const isYoung = before?.bytes === bytes && before.readMs <= nowMs && nowMs - before.readMs <= limits.pointCacheMs;
    if (isYoung && !this.#again.has(name)) {
      this.#now.set(name, before);
      return before.point;
    }
    const { point } = await readPoint(store, bundle, id);
    // The same again is not worth another document.
    this.#now.set(name, isYoung ? before : { bytes, readMs: nowMs, point });
    this.#isNew ||= !isYoung;
    return point;
  }

  /** To be called when everything was listed: what was not is in the store no more. */
  async keep(): Promise<void> {
    const { store, bundle, cache } = this.#places;
    if (cache === undefined || (!this.#isNew && this.#now.size === this.#before.size)) return;
    const points = [...this.#now].map(([name, { bytes, readMs, point }]) => [name, bytes, readMs, point]);
    const plain = Buffer.from(JSON.stringify({ form, points }));
    if (plain.length > limits.documentBytesMax) return;
    await cache.save(
      placeOf(this.#places),
      await sealDocument(bundle, 'point', nameFor(store), randomBytes(16), plain),
    );
  }
}

/** Names of the points that people rest on first: the newest of each asset and kind. */
function newestOf(known: ReadonlyMap<string, Known>): ReadonlySet<string> {
  const newest = new Map<string, readonly [string, Point]>();
  for (const [name, { point }] of known) {
    const source = JSON.stringify([point.asset, point.kind]);
    if (point.atMs >= (newest.get(source)?.[1].atMs ?? -Infinity)) newest.set(source, [name, point]);
  }
  return new Set([...newest.values()].map(([name]) => name));
}

async function keptOf(places: Places): Promise<ReadonlyMap<string, Known>> {
  const { store, bundle, cache } = places;
  const sealed = await cache?.load(placeOf(places));
  if (sealed === undefined) return new Map();
  try {
    const plain = await openDocument(bundle, 'point', nameFor(store), sealed);
    const kept = JSON.parse(plain.toString('utf8')) as { form: number; points: [string, number, number, Point][] };
    if (kept.form !== form) return new Map();
    return new Map(kept.points.map(([name, bytes, readMs, point]) => [name, { bytes, readMs, point }]));
  } catch (error) {
    // Harmed, of a later program, or sealed under a key that was given up since: the store has the truth.
    if (isDamage(error) || isLifeboatError(error, 'repository.version')) return new Map();
    throw error;
  }
}

const placeOf = ({ store, bundle }: Places): { repository: string; location: string } => ({
  repository: bundle.repository,
  location: store.location,
});

/** Bound to what is sealed: what was kept of one store is not taken for another's, nor for a point. */
const nameFor = (store: Store): string => `known/${store.location}`;
