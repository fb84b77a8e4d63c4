import { limits } from '../../core/index.ts';
import { ChunkList, type IndexedPack, type PackRecord } from '../format/pack-format.ts';
import { readScratch, ScratchFile } from '../table/scratch-file.ts';

/** The packs of one writer until an index tells of them: the lists of the first chunks are held in memory, all others on the disk for temporary files. */
export class PackLists {
  readonly #packs: IndexedPack[] = [];
  #file: ScratchFile | undefined;
  #end = 0;
  #chunks = 0;

  /** In their order; a list that is on disk is read each time it is looked at, which throws `disk.io`. */
  get all(): readonly IndexedPack[] {
    return this.#packs;
  }

  /** Throws `disk.full`, `disk.io`. */
  add(pack: PackRecord, chunks: ChunkList): void {
    this.#chunks += chunks.length;
    this.#packs.push(this.#chunks <= limits.chunksInMemory ? { pack, chunks } : this.#onDisk(pack, chunks.bytes));
  }

  #onDisk(pack: PackRecord, list: Buffer): IndexedPack {
    const file = (this.#file ??= new ScratchFile());
    const [at, bytes] = [this.#end, list.length];
    file.write(list, at);
    this.#end += bytes;
    return {
      pack,
      get chunks() {
        const read = Buffer.allocUnsafeSlow(bytes);
        readScratch(file.number, read, at);
        return new ChunkList(read);
      },
    };
  }
}
