import { write, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { systemCodeOf } from '../../core/index.ts';
import type { OpenTarget } from './messages.ts';

/** What the disk takes at a time: by less it is not kept busy. */
const slotBytes = 2 ** 20;
/** One that is filled while others are on their way to the disk. */
const slots = 3;
/** The largest block and page of any common disk and system: where a direct write may begin and end. */
const alignment = 4096;
const wasmPageBytes = 64 * 2 ** 10;

const writeLater = promisify(write);

interface Run {
  readonly slot: Buffer;
  readonly target: OpenTarget;
  bytes: number;
}

/**
 * Gathers what follows each other in a file and writes it past the system's cache, while the caller goes on. Memory for that must
 * begin at a page of the system, which that of a WebAssembly does and no other that JavaScript can have.
 */
export class DirectWriter {
  #run: Run | undefined;
  readonly #writing = new Set<Promise<void>>();
  #failed: unknown;

  /** Whether it can write so many bytes there. */
  takes({ direct, offset }: OpenTarget, bytes: number): boolean {
    return direct !== undefined && offset % alignment === 0 && bytes % alignment === 0;
  }

  /** The bytes are the caller's again when this returns. Throws what an earlier write threw. */
  async write(target: OpenTarget, bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const place = { ...target, offset: target.offset + at };
      const run = this.#continues(place) ? (this.#run as Run) : await this.#begin(place);
      const copied = bytes.copy(run.slot, run.bytes, at);
      run.bytes += copied;
      at += copied;
      if (run.bytes === slotBytes) this.#send();
    }
  }

  /** Throws what any write threw. */
  async finish(): Promise<void> {
    this.#send();
    await Promise.all(this.#writing);
    if (this.#failed !== undefined) throw this.#failed;
  }

  /** Waits for what is under way, however it ends; what was gathered only is left. */
  async settle(): Promise<void> {
    if (this.#run !== undefined) giveBack(this.#run.slot);
    this.#run = undefined;
    await Promise.all(this.#writing);
  }

  #continues(place: OpenTarget): boolean {
    const run = this.#run;
    return run !== undefined && run.target.file === place.file && run.target.offset + run.bytes === place.offset;
  }

  async #begin(target: OpenTarget): Promise<Run> {
    this.#send();
    const slot = await takeSlot();
    this.#run = { slot, target, bytes: 0 };
    if (this.#failed !== undefined) throw this.#failed;
    return this.#run;
  }

  #send(): void {
    const run = this.#run;
    this.#run = undefined;
    if (run === undefined) return;
    const task: Promise<void> = writeRun(run)
      .catch((error: unknown) => void (this.#failed ??= error))
      .finally(() => {
        this.#writing.delete(task);
        giveBack(run.slot);
      });
    this.#writing.add(task);
  }
}

async function writeRun({ slot, target, bytes }: Run): Promise<void> {
  let file = target.direct as number;
  for (let at = 0; at < bytes;) {
    try {
      at += await writeLater(file, slot, at, bytes - at, target.offset + at).then(({ bytesWritten }) => bytesWritten);
    } catch (error) {
      // Some file systems let a file be opened for it and take none, or only in larger blocks.
      if (file === target.file || systemCodeOf(error) !== 'EINVAL') throw error;
      file = target.file;
    }
  }
}

/** Of this thread. */
let freeSlots: Buffer[] | undefined;
const waiting: ((slot: Buffer) => void)[] = [];

async function takeSlot(): Promise<Buffer> {
  freeSlots ??= makeSlots();
  return freeSlots.pop() ?? new Promise((resolve) => waiting.push(resolve));
}

function giveBack(slot: Buffer): void {
  const next = waiting.shift();
  if (next === undefined) freeSlots?.push(slot);
  else next(slot);
}

function makeSlots(): Buffer[] {
  const { buffer } = new WebAssembly.Memory({ initial: (slots * slotBytes) / wasmPageBytes });
  return Array.from({ length: slots }, (_, i) => Buffer.from(buffer, i * slotBytes, slotBytes));
}

export function writeWhole(file: number, plain: Buffer, offset: number): void {
  for (let at = 0; at < plain.length;) at += writeSync(file, plain, at, plain.length - at, offset + at);
}
