import type {
  PointContents,
  RewriteTreeOptions,
  RewrittenTree,
  StoredEntry,
  WriteTreeOptions,
  WrittenTree,
} from '../../assets/index.ts';
import { assert, free, LifeboatError, silentProgress, type Progress } from '../../core/index.ts';
import { damaged, DamageLog } from '../damage.ts';
import { decodeEntries, linesOf, type ListedEntry } from '../format/entry-list.ts';
import { pointName } from '../names.ts';
import type { PackReader } from './pack-reader.ts';
import { readPieces } from './pieces.ts';
import type { StoredPoint } from '../format/point-object.ts';
import type { Damage } from '../repository.ts';
import { KnownTree } from '../tree/known-tree.ts';
import { TreeRewriter } from '../tree/tree-rewriter.ts';
import { TreeWriter } from '../tree/tree-writer.ts';

export interface ContentsParts {
  readonly reader: PackReader;
  readonly stored: StoredPoint;
  /** Damage met on the way; shared with the reader. */
  readonly log: DamageLog;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
}

const holeBytesMax = 2 ** 20;
const keptListBytesMax = 32 * 2 ** 20;

/** A point while it is restored. */
export class Contents implements PointContents {
  readonly facts: Record<string, unknown>;
  readonly #parts: ContentsParts;
  readonly #object: string;
  /** The plain entry list, once it was read through, if it is small: `read` looks up each path in it. */
  #kept: Buffer[] | undefined;

  constructor(parts: ContentsParts) {
    this.#parts = parts;
    this.#object = pointName(parts.stored.point.id);
    this.facts = parts.stored.point.facts.facts;
  }

  damage(): Damage[] {
    return this.#parts.log.list();
  }

  async *entries(): AsyncGenerator<StoredEntry> {
    for await (const { entry } of this.#lookedUp()) yield entry;
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    for await (const { entry, pieces } of this.#lookedUp()) {
      if (entry.path !== path) continue;
      if (entry.type === 'hardlink') return yield* this.#readOther(entry);
      let at = 0;
      for await (const { piece, plain } of readPieces(this.#parts.reader, pieces, this.#object, this.#parts)) {
        yield* zeros(piece.offset - at);
        yield plain;
        at = piece.offset + piece.bytes;
      }
      yield* zeros(entry.bytes - at);
      return;
    }
    throw new LifeboatError(
      'point.missing',
      `the recovery point ${this.#parts.stored.point.id} holds no ${JSON.stringify(path)}`,
      {
        where: this.#object,
      },
    );
  }

  /** The file that a hard link is another name of. */
  async *#readOther({ path, target = '' }: StoredEntry): AsyncGenerator<Uint8Array> {
    for await (const { entry } of this.#lookedUp()) {
      if (entry.path === target && entry.type === 'file') return yield* this.read(target);
      if (entry.path === path) break;
    }
    const what = `${JSON.stringify(path)} is another name of ${JSON.stringify(target)}, which is no file before it`;
    throw damaged(this.#object, what);
  }

  async writeTree(root: string, options: WriteTreeOptions = {}): Promise<WrittenTree> {
    const { reader, progress = silentProgress, stored } = this.#parts;
    const signal = options.signal ?? this.#parts.signal;
    progress.phase('restore', { bytes: stored.point.bytes, items: stored.point.files });
    const writer = new TreeWriter(root, {
      ...options,
      reader,
      progress,
      object: this.#object,
      ...(signal === undefined ? {} : { signal }),
    });
    return writer.write(this.listed());
  }

  async rewriteTree(root: string, current: PointContents, options: RewriteTreeOptions = {}): Promise<RewrittenTree> {
    assert(current instanceof Contents, 'a tree is compared by a point of a repository');
    const { reader, progress = silentProgress, stored } = this.#parts;
    const known = await KnownTree.of(current.listed());
    progress.phase('restore', { bytes: stored.point.bytes, items: stored.point.files });
    const signal = options.signal ?? this.#parts.signal;
    const rest = { reader, progress, object: this.#object, known, ...(signal === undefined ? {} : { signal }) };
    try {
      return await new TreeRewriter(root, { ...options, ...rest }).rewrite(() => this.#lookedUp());
    } finally {
      known.close();
    }
  }

  /** Entries with their pieces. Throws `repository.damaged`, `repository.incomplete`. */
  async *listed(): AsyncGenerator<ListedEntry> {
    yield* decodeEntries(this.#listParts(), this.#object);
  }

  /** The lines of the entry list, some at a time, as they are. */
  async *lines(): AsyncGenerator<string[]> {
    yield* linesOf(this.#listParts(), this.#object);
  }

  /** As `listed`, by whoever may well ask again. */
  async *#lookedUp(): AsyncGenerator<ListedEntry> {
    yield* decodeEntries(this.#keptParts(), this.#object);
  }

  /** Each part is good until the next one is asked for. */
  async *#listParts(): AsyncGenerator<Buffer> {
    if (this.#kept !== undefined) return yield* this.#kept;
    for await (const plain of this.#readParts()) {
      yield plain;
      free(plain);
    }
  }

  async *#keptParts(): AsyncGenerator<Buffer> {
    if (this.#kept !== undefined || this.#parts.stored.list.bytes > keptListBytesMax) return yield* this.#listParts();
    const kept: Buffer[] = [];
    for await (const plain of this.#readParts()) {
      kept.push(plain);
      yield plain;
    }
    this.#kept = kept;
  }

  async *#readParts(): AsyncGenerator<Buffer> {
    const { reader, stored } = this.#parts;
    for await (const { plain } of readPieces(reader, stored.list.pieces, this.#object, this.#parts)) yield plain;
  }
}

function* zeros(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= holeBytesMax) yield Buffer.alloc(Math.min(left, holeBytesMax));
}
