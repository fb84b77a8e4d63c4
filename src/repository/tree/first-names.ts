import { bytesOfName, nameOfBytes } from '../../core/index.ts';
import { decodeEntries, encodeEntry, type ListedEntry } from '../format/entry-list.ts';
import { PathTable } from './path-table.ts';

/** A file that has more names: where its first one is, or, when that was left out, what a later name needs to take its part. */
export type FirstName = { readonly place: string } | { readonly listed: ListedEntry };

const [isPlace, isListed] = [Buffer.of(0), Buffer.of(1)];

/** What became of the first names of files that have more, by their paths in the point. Any of millions may be asked for to the end. */
export class FirstNames {
  readonly #object: string;
  readonly #table = new PathTable();

  /** `object`: the point's, for errors. */
  constructor(object: string) {
    this.#object = object;
  }

  stands(path: string, place: string): void {
    this.#table.put(path, Buffer.concat([isPlace, bytesOfName(place)]));
  }

  leftOut({ entry, pieces }: ListedEntry): void {
    const lines = encodeEntry(entry, entry.bytes, entry.torn === true, pieces);
    this.#table.put(entry.path, Buffer.concat([isListed, Buffer.from(lines)]));
  }

  async of(path: string): Promise<FirstName | undefined> {
    const found = this.#table.get(path);
    if (found === undefined) return undefined;
    const said = found.subarray(1);
    if (found[0] === isPlace[0]) return { place: nameOfBytes(said) };
    const [listed] = await Array.fromAsync(decodeEntries(inOnePart(said), this.#object));
    return listed && { listed };
  }

  close(): void {
    this.#table.close();
  }
}

async function* inOnePart(lines: Buffer): AsyncGenerator<Buffer> {
  yield lines;
}
