import { z } from 'zod';
import { LifeboatError, limits } from '../../../core/index.ts';
import type { Store } from '../../../stores/index.ts';

/** Who acts on a target, as an object of a store says it. Not sealed: who holds it must be readable without a key, and it holds no secret. */
export interface LeaseNote {
  /** What is acted on: the plan and the environment. */
  readonly target: string;
  readonly run: string;
  readonly host: string;
  readonly pid: number;
  /** The state folder of the holder, in this start of its machine: of two runners that have it, one has ended. */
  readonly place: string;
  /** Of this hold alone, so that a put whose answer was lost is known again. */
  readonly token: string;
  /** By the holder's clock, milliseconds since 1970: for people. */
  readonly atMs: number;
  /** It ends so long after it was written, unless it is written anew. */
  readonly lengthMs: number;
}

const schema = z.strictObject({
  format: z.literal(1),
  target: z.string(),
  run: z.string(),
  host: z.string(),
  pid: z.int(),
  place: z.string(),
  token: z.string(),
  atMs: z.number(),
  lengthMs: z.number().positive(),
});

/** One hold that a store shows; each renewal is an object of its own, with the next number. */
export interface SeenLease {
  readonly name: string;
  readonly number: number;
  readonly note: LeaseNote;
}

export const leaseName = (target: string, number: number): string =>
  `leases/${target}.${number.toString().padStart(10, '0')}`;

/** Every hold of a target that stands in the store, the newest last. Throws the errors of the store, and `store.io` for what is no lease. */
export async function leasesIn(store: Store, target: string, signal: AbortSignal): Promise<SeenLease[]> {
  const seen: SeenLease[] = [];
  for await (const { name } of store.list('leases/')) {
    signal.throwIfAborted();
    const number = numberOf(name, target);
    const note = number === undefined ? undefined : await noteIn(store, name, signal);
    if (number !== undefined && note !== undefined) seen.push({ name, number, note });
  }
  return seen.sort((a, b) => a.number - b.number);
}

/** Puts the hold under a number; false when another one has it. */
export async function putLease(store: Store, name: string, note: LeaseNote, signal: AbortSignal): Promise<boolean> {
  try {
    await store.put(name, [Buffer.from(JSON.stringify({ format: 1, ...note }))], { ifAbsent: true, signal });
    return true;
  } catch (error) {
    if (!(error instanceof LifeboatError) || error.code !== 'store.exists') throw error;
    // A put whose answer was lost is tried again, and then meets itself.
    return (await noteIn(store, name, signal))?.token === note.token;
  }
}

function numberOf(name: string, target: string): number | undefined {
  const digits = name.startsWith(`leases/${target}.`) ? name.slice(`leases/${target}.`.length) : '';
  return /^\d{10}$/.test(digits) ? Number(digits) : undefined;
}

/** Nothing where it has gone meanwhile. */
async function noteIn(store: Store, name: string, signal: AbortSignal): Promise<LeaseNote | undefined> {
  let bytes: Buffer;
  try {
    bytes = await store.get(name, { range: { offset: 0, length: limits.leaseBytesMax }, signal });
  } catch (error) {
    if (error instanceof LifeboatError && error.code === 'store.missing') return undefined;
    throw error;
  }
  const parsed = schema.safeParse(jsonOf(bytes));
  if (parsed.success) return parsed.data;
  throw new LifeboatError(
    'store.io',
    `${name} in ${store.location} is no lease: nobody can tell whether somebody acts`,
    {
      hint: 'Where nobody does, remove that object.',
    },
  );
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined; // the schema says no to that, and the caller says what it is
  }
}
