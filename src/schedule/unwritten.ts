import type { Ledger } from './ledger.ts';

/** Records of a scheduler that could not be written. They come before all others, in their order. */
export class Unwritten {
  readonly #ledger: Ledger;
  readonly #written: (task: string) => void;
  readonly #records: { readonly kind: string; readonly data: RecordData }[] = [];

  /** `written`: the ledger knows more of that task now. */
  constructor(ledger: Ledger, written: (task: string) => void) {
    this.#ledger = ledger;
    this.#written = written;
  }

  /** Throws `journal.*`, `disk.*`; then it is kept, and written by the next call. */
  write(kind: string, data: RecordData): void {
    this.#records.push({ kind, data });
    this.writeLate();
  }

  /** What was not written is written now. Throws as `write`. */
  writeLate(): void {
    for (let next = this.#records[0]; next !== undefined; next = this.#records[0]) {
      this.#ledger.append(next.kind, { ...next.data });
      this.#records.shift();
      this.#written(next.data.task);
    }
  }
}

type RecordData = { readonly task: string } & Readonly<Record<string, unknown>>;
