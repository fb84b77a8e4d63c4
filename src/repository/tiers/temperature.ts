import type { Store, StoredObject } from '../../stores/index.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { objectOfName } from '../names.ts';
import { Bits } from '../bits.ts';
import { Census } from '../prune/census.ts';
import { Needs } from '../prune/needs.ts';
import type { PackReader } from '../read/pack-reader.ts';
import { classWord, coldness } from './coldness.ts';
import type { CoolOptions } from './cool-contract.ts';

export interface TemperatureOf {
  readonly store: Store;
  readonly bundle: KeyBundle;
  readonly reader: PackReader;
  readonly options: CoolOptions;
}

/** One class that points are due in, and the chunks that must not be in it or colder. */
interface Level {
  readonly class: string;
  readonly coldness: number;
  readonly needs: Needs;
  readonly without: ReadonlySet<string>;
}

/**
 * Which chunks must stay how warm: entry lists, which every prune reads, and whatever a point needs that is not due in a class. Points that
 * come while this works are read when it is asked again.
 */
export class Temperature {
  readonly #of: TemperatureOf;
  readonly #all: Needs;
  /** The coldest first. */
  readonly #levels: readonly Level[];

  constructor(of: TemperatureOf) {
    const { store, bundle, reader, options } = of;
    this.#of = of;
    this.#all = new Needs(store, bundle, reader);
    const classes = [...new Set([...options.classes.values()].map(classWord))];
    this.#levels = classes
      .map((name) => ({
        class: name,
        coldness: coldness(name),
        needs: new Needs(store, bundle, reader),
        without: new Set([...options.classes].filter(([, one]) => coldness(one) >= coldness(name)).map(([id]) => id)),
      }))
      .toSorted((a, b) => b.coldness - a.coldness);
  }

  /** Reads the points that were not read yet. Throws `prune.blind`. */
  async read(): Promise<void> {
    const { signal, progress } = this.#of.options;
    await this.#all.readPoints({ signal, progress });
    for (const { needs, without } of this.#levels) await needs.readPoints({ signal, without });
  }

  /** The packs that are there, judged by these listings. */
  judge(listed: readonly StoredObject[], condemned: ReadonlySet<string>): Judged {
    const { catalog } = this.#of.reader;
    const distrust = this.#of.options.distrust ?? new Set<string>();
    const censusOf = (needed: Bits): Census => new Census({ catalog, listed, needed, condemned, distrust });
    const levels = this.#levels.map(({ class: name, coldness: cold, needs }) => {
      const warm = this.#warm(needs);
      return { class: name, coldness: cold, warm, census: censusOf(warm) };
    });
    const classes = new Map(listed.map(({ name, storageClass }) => [objectOfName(name).id, storageClass]));
    const classOf = (pack: number): string | undefined => classes.get(catalog.packs[pack]?.id ?? '');
    return { census: censusOf(this.#all.chunks), levels, classOf };
  }

  #warm({ chunks }: Needs): Bits {
    const warm = new Bits();
    for (const ordinal of chunks) warm.add(ordinal);
    for (const ordinal of this.#all.lists) warm.add(ordinal);
    return warm;
  }
}

export interface Judged {
  /** Of what any point needs. */
  readonly census: Census;
  /** The coldest first: `warm` are the chunks that must not be in the class or a colder one, `census` is of them. */
  readonly levels: readonly {
    readonly class: string;
    readonly coldness: number;
    readonly warm: Bits;
    readonly census: Census;
  }[];
  /** Where a pack lies now; undefined for the ordinary class. */
  readonly classOf: (pack: number) => string | undefined;
}
