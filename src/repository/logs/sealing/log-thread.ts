import { assert, free, ownModule } from '../../../core/index.ts';
import { Thread, type CarriedError } from '../../pool/index.ts';
import { logObjectBytesMax } from './log-segments.ts';
import { sealedLogBytesMax, sealLogNow, type LogSealing } from './seal-log.ts';

export interface LogRequest extends LogSealing {
  /** In shared memory: the object is put here. */
  readonly into: Uint8Array;
}

export interface LogAnswer {
  readonly task: number;
  /** How long the object is. */
  readonly bytes?: number;
  readonly error?: CarriedError;
}

export interface SealedLog {
  readonly bytes: Buffer;
  /** Nobody reads the bytes any more: their memory is used again. Whoever cannot be sure of that (a store that failed) does not call it. */
  release(): void;
}

/** What is smaller is done sooner than it is handed over. */
const handedOverBytesMin = 64 * 2 ** 10;
/** Objects on their way at once, of a stream into one store: a piece, and the whole of the segment before. */
const keptRooms = 3;

/**
 * Seals an object of a log: in a thread of its own, because on this one commits may wait, and backups keep the other threads busy. Bytes in shared memory
 * are read where they are; they stay as they are until the promise settles.
 */
export async function sealLog(sealing: LogSealing): Promise<SealedLog> {
  if (sealing.bytes.length < handedOverBytesMin) return sealHere(sealing);
  const into = rooms.pop() ?? sharedRoom();
  if (sealing.bytes.buffer instanceof SharedArrayBuffer) return sealThere(sealing, into);
  const shared = rooms.pop() ?? sharedRoom();
  shared.set(sealing.bytes);
  const sealed = await sealThere({ ...sealing, bytes: shared.subarray(0, sealing.bytes.length) }, into);
  keep(shared);
  return sealed;
}

function sealHere(sealing: LogSealing): SealedLog {
  const room = Buffer.allocUnsafeSlow(sealedLogBytesMax(sealing));
  return { bytes: room.subarray(0, sealLogNow(sealing, room)), release: () => free(room) };
}

/**
 * Sealed on this thread where the other one cannot (it was lost, or the system gives none): a stream does not end for that. The room is then not
 * used again: nobody knows what is still done there.
 */
async function sealThere(sealing: LogSealing, into: Buffer): Promise<SealedLog> {
  assert(sealedLogBytesMax(sealing) <= into.length, 'an object of a log fits its room');
  let bytes: number | undefined;
  try {
    ({ bytes } = await (thread ??= begun()).ask({ ...sealing, into }));
  } catch {
    // What is wrong with the log itself is thrown here as well.
    return sealHere(sealing);
  }
  let isKept = false;
  const release = (): void => {
    if (!isKept) keep(into);
    isKept = true;
  };
  return { bytes: into.subarray(0, bytes), release };
}

type LogThread = Thread<LogRequest, LogAnswer>;
let thread: LogThread | undefined;

function begun(): LogThread {
  const one: LogThread = new Thread(
    () => {},
    (loss) => {
      // What it was asked fails, and the next is asked of another.
      if (thread === one) thread = undefined;
      void one.stop(loss);
    },
    ownModule('./log-worker', import.meta.url),
  );
  return one;
}

/** Fresh shared memory costs a page fault every 4 KiB, so some is kept. */
const rooms: Buffer[] = [];
const sharedRoom = (): Buffer => Buffer.from(new SharedArrayBuffer(logObjectBytesMax));
const keep = (room: Buffer): void => void (rooms.length < keptRooms && rooms.push(room));
