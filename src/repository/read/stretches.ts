import { limits } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { errorOfObject, isDamage } from '../damage.ts';
import type { PackRecord } from '../format/pack-format.ts';
import { packName } from '../names.ts';
import { threadsOfPool } from '../pool/index.ts';
import { Budget, forEachOf } from '../tasks.ts';
import { openPlaces, type OpenPlaces } from './open-places.ts';
import type { Place } from './ranges.ts';
import type { WholePack } from './whole-damage.ts';

/** What is read of a pack in one request, and opened as one task. */
export interface Stretch {
  readonly offset: number;
  /** The last of a whole pack asks for one byte more than there should be: it tells a longer one. */
  readonly length: number;
  readonly places: readonly Place[];
}

/**
 * Reads packs for threads: each in stretches, several requests at once so that nobody waits for a single answer, and never more than so many bytes
 * that came and were not worked off yet, however many packs they are of.
 */
export class Stretches {
  /** What one request brings. */
  readonly bytes: number;
  readonly #budget: Budget;

  /** `far`: packs that are no files of this machine. */
  constructor(far: boolean) {
    this.bytes = far ? limits.farStretchBytes : limits.nearStretchBytes;
    this.#budget = new Budget(far ? limits.farBytesInFlight : threadsOfPool() * limits.nearBytesPerThread);
  }

  /** Waits until there is room for so many bytes, and keeps it until the work on them has ended. */
  async within<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    await this.#budget.enter(bytes);
    try {
      return await work();
    } finally {
      this.#budget.leave(bytes);
    }
  }

  /**
   * Gets each stretch, some of them at once, and gives it to a thread. `check` sees the bytes in the order in which they stand, before they are
   * given away. Returns whether all of them came.
   */
  async consume(stretches: readonly Stretch[], parts: ConsumeParts): Promise<boolean> {
    const turns = stretches.map(() => Promise.withResolvers<void>());
    let isWhole = true;
    await forEachOf(stretches.entries(), limits.stretchesAtOnce, ([at, stretch]) =>
      this.within(stretch.length, async () => {
        let bytes: Buffer | undefined;
        try {
          bytes = await getStretch(stretch, parts);
          // Whoever stands before has had its room before: it comes.
          await turns[at - 1]?.promise;
          if (bytes === undefined) isWhole = false;
          else parts.check?.take(bytes);
        } finally {
          turns[at]?.resolve();
        }
        if (bytes === undefined) return;
        await openPlaces(stretch.places, { ...parts, sealed: ownMemory(bytes), from: stretch.offset });
      }),
    );
    return isWhole;
  }
}

export interface ConsumeParts extends Omit<OpenPlaces, 'sealed' | 'from'> {
  readonly store: Store;
  readonly check: WholePack | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Undefined where the object is damaged or gone; then its chunks know. */
async function getStretch({ offset, length, places }: Stretch, parts: ConsumeParts): Promise<Buffer | undefined> {
  const { store, record, consumer, signal } = parts;
  const name = packName(record.id);
  try {
    return await store.get(name, { range: { offset, length }, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    if (!isDamage(error)) throw error;
    const known = errorOfObject(error, name) as Error;
    for (const { ordinal } of places) await consumer.done(ordinal, known);
    return undefined;
  }
}

/** What is small comes from a pool of Node's, which cannot be given away. */
const ownMemory = (bytes: Buffer): Uint8Array<ArrayBuffer> =>
  bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.length
    ? (bytes as Uint8Array<ArrayBuffer>)
    : Uint8Array.from(bytes);

/** The whole pack in stretches that join without a gap; undefined where its chunks overlap, which no writer of ours makes. */
export function stretchesOf({ bytes }: PackRecord, places: readonly Place[], bytesMax: number): Stretch[] | undefined {
  const stretches: { offset: number; length: number; places: Place[] }[] = [];
  let plain = 0;
  let end = 0;
  for (const one of places) {
    const { offset, sealedBytes, plainBytes } = one.place;
    if (offset < end) return undefined;
    const last = stretches.at(-1);
    if (
      last === undefined ||
      last.places.length === limits.openTaskChunksMax ||
      plain + plainBytes > limits.openTaskBytesMax ||
      offset + sealedBytes - last.offset > bytesMax
    ) {
      if (last !== undefined) last.length = end - last.offset;
      stretches.push({ offset: end, length: 0, places: [one] });
      plain = 0;
    } else last.places.push(one);
    plain += plainBytes;
    end = offset + sealedBytes;
  }
  const last = stretches.at(-1);
  if (last === undefined || end > bytes) return undefined;
  last.length = bytes + 1 - last.offset;
  return stretches;
}
