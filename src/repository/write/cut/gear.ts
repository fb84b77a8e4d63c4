import { wasm } from './gear.wasm.ts';

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly hash: { value: number };
  find(at: number, end: number, mask: number): number;
}

const tableBytes = 1024;
/** Bytes that are copied and looked at together: they stay in the cache of a core. */
const partBytesMax = 256 * 2 ** 10;

let compiled: WebAssembly.Module | undefined;

/** Looks for the places where a gear hash over a table of 256 numbers cuts. One search at a time. */
export class Gear {
  readonly #exports: Exports;
  readonly #bytes: Uint8Array;

  constructor(table: Uint32Array) {
    compiled ??= new WebAssembly.Module(Buffer.from(wasm, 'base64'));
    this.#exports = new WebAssembly.Instance(compiled).exports as unknown as Exports;
    const { buffer } = this.#exports.memory;
    // The memory of a module is little-endian on every machine.
    const view = new DataView(buffer);
    table.forEach((number, i) => view.setUint32(i * 4, number, true));
    this.#bytes = new Uint8Array(buffer, tableBytes, partBytesMax);
  }

  /** A new search: the hash begins with zero. */
  reset(): void {
    this.#exports.hash.value = 0;
  }

  /** The position behind the first byte of `bytes`, from `at` on, where a cut is; 0 if there is none before `end`. Goes on with the hash. */
  find(bytes: Uint8Array, at: number, end: number, mask: number): number {
    for (let from = at; from < end; from += partBytesMax) {
      const to = Math.min(end, from + partBytesMax);
      this.#bytes.set(bytes.subarray(from, to));
      const found = this.#exports.find(tableBytes, tableBytes + to - from, mask);
      if (found !== 0) return from + found - tableBytes;
    }
    return 0;
  }
}
