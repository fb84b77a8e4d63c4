import { limits, silentProgress, timeId } from '../../core/index.ts';
import type { Store, StoredObject } from '../../stores/index.ts';
import { DamageLog } from '../damage.ts';
import { readCondemned, type CondemnedList } from '../format/condemned-object.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { packName } from '../names.ts';
import { closeAlone, openAlone } from '../prune/alone.ts';
import type { Amount } from '../prune/index.ts';
import { findWriters, type Writers } from '../prune/writers.ts';
import { Catalog } from '../read/catalog.ts';
import { PackReader } from '../read/pack-reader.ts';
import { announce, freeOf, removeLists } from './announce.ts';
import { coldness } from './coldness.ts';
import type { ClassAmount, CoolOptions, CoolResult } from './cool-contract.ts';
import { movePack } from './move.ts';
import { chooseMixed, separate } from './separate.ts';
import { Temperature, type Judged } from './temperature.ts';

/** Moves what only points of a tier need to its class; docs/FORMAT.md, "Packs that move to a colder class", says why no young point is stranded. */
export const coolRepository = (store: Store, bundle: KeyBundle, options: CoolOptions): Promise<CoolResult> =>
  new Cooling(store, bundle, options).run();

class Cooling {
  readonly #store: Store;
  readonly #bundle: KeyBundle;
  readonly #options: CoolOptions;
  readonly #log = new DamageLog();
  readonly #catalog: Catalog;
  readonly #reader: PackReader;
  readonly #temperature: Temperature;
  readonly #retained: CoolResult['retained'][number][] = [];
  #own: string | undefined;

  constructor(store: Store, bundle: KeyBundle, options: CoolOptions) {
    this.#store = store;
    this.#bundle = bundle;
    this.#options = options;
    this.#catalog = new Catalog(store, bundle, this.#log);
    this.#reader = new PackReader(store, bundle, this.#catalog, this.#log);
    this.#temperature = new Temperature({ store, bundle, reader: this.#reader, options });
  }

  async run(): Promise<CoolResult> {
    const { clock, host, dryRun } = this.#options;
    if (dryRun) return this.#cool();
    this.#own = timeId(clock.now());
    const own = { store: this.#store, bundle: this.#bundle, log: this.#log, id: this.#own, host, nowMs: clock.now() };
    await openAlone(own, () => this.#writers());
    try {
      return await this.#cool();
    } finally {
      await closeAlone(this.#store, this.#own);
    }
  }

  async #cool(): Promise<CoolResult> {
    const { progress = silentProgress, dryRun } = this.#options;
    progress.phase('tiers');
    const condemned = await readCondemned(this.#store, this.#options.signal);
    const before = await this.#look(condemned);
    const wanted = this.#wanted(before, condemned);
    const mixed = chooseMixed({ ...this.#parts(), judged: before, rewriteBytesMax: this.#options.rewriteBytesMax });
    const small = this.#smallOf(before, condemned);
    // A list that cannot be read may name any pack.
    if (dryRun || condemned.damage.length > 0) {
      const separated = { ...this.#amount(mixed.taken), movedBytes: mixed.movedBytes };
      return { ...this.#result(before, small), moved: this.#byClass(wanted), separated, mixed: mixed.left };
    }
    const { moved, waiting } = await this.#move(wanted, condemned);
    const separated = await separate({ ...this.#parts(), judged: before, options: this.#options }, mixed.taken);
    const after = await this.#judge(condemned);
    return { ...this.#result(after, small), moved: this.#byClass(moved), waiting, separated, mixed: mixed.left };
  }

  async #look(condemned: CondemnedList): Promise<Judged> {
    await this.#catalog.refresh();
    await this.#catalog.adopt();
    await this.#temperature.read();
    return this.#judge(condemned);
  }

  async #judge({ packs }: CondemnedList): Promise<Judged> {
    const listed: readonly StoredObject[] = await this.#catalog.adopt();
    return this.#temperature.judge(listed, packs);
  }

  /** The packs that may move, with the coldest class that suits all who need them. */
  #wanted(judged: Judged, condemned: CondemnedList): Map<number, string> {
    const wanted = new Map<number, string>();
    const witnesses = this.#witnesses(judged, condemned);
    for (const [pack, name] of this.#dueOf(judged, condemned))
      if (judged.census.bytesOf(pack) >= limits.coldPackBytesMin && !witnesses.has(pack)) wanted.set(pack, name);
    return wanted;
  }

  *#dueOf({ census, levels, classOf }: Judged, condemned: CondemnedList): Generator<[number, string]> {
    for (const pack of census.present) {
      const id = this.#catalog.packs[pack]?.id ?? '';
      if (condemned.packs.has(id) || census.isDistrusted(pack) || census.usedBytes(pack) === 0) continue;
      const level = levels.find((one) => one.census.usedBytes(pack) === 0);
      if (level !== undefined && level.coldness > coldness(classOf(pack))) yield [pack, level.class];
    }
  }

  #smallOf(judged: Judged, condemned: CondemnedList): Amount {
    const due = [...this.#dueOf(judged, condemned)].map(([pack]) => pack);
    return this.#amount(due.filter((pack) => judged.census.bytesOf(pack) < limits.coldPackBytesMin));
  }

  /** A prune reads back the other copy of what a condemned pack holds: it must not freeze before that pack is gone. */
  #witnesses({ census }: Judged, condemned: CondemnedList): Set<number> {
    const packs = new Set<number>();
    for (const id of condemned.packs) {
      const pack = this.#catalog.numberOf(id);
      if (pack === undefined || !census.present.has(pack)) continue;
      for (const ordinal of census.neededIn(pack))
        for (const place of census.placesOf(ordinal)) packs.add(this.#catalog.table.packOf(place));
    }
    return packs;
  }

  /** What was announced before, and nobody at work may count on; the rest is announced for the next run. */
  async #move(
    wanted: ReadonlyMap<number, string>,
    condemned: CondemnedList,
  ): Promise<{ moved: Map<number, string>; waiting: CoolResult['waiting'] }> {
    await announce(
      this.#parts(),
      [...wanted.keys()].map((pack) => this.#idOf(pack)),
    );
    const free = await freeOf(this.#parts(), async () => (await this.#writers()).open.map(({ id }) => id));
    // Whoever was awaited has ended: what it made is visible now, and may need what was to move.
    const still =
      free.packs.size === 0 ? new Map<number, string>() : this.#wanted(await this.#look(condemned), condemned);
    const moved = new Map<number, string>();
    for (const [pack, name] of still) {
      if (!free.packs.has(this.#idOf(pack))) continue;
      this.#options.signal?.throwIfAborted();
      const object = { name: packName(this.#idOf(pack)), bytes: this.#catalog.packs[pack]?.bytes ?? 0 };
      const kept = await movePack(this.#store, object, name);
      if (kept === undefined) moved.set(pack, name);
      else this.#retained.push({ object: object.name, bytes: object.bytes, reason: kept });
      this.#options.progress?.advance({ bytes: object.bytes, items: 1 });
    }
    await removeLists(this.#store, free.lists);
    const rest = [...wanted.keys()].filter((pack) => !free.packs.has(this.#idOf(pack)));
    return { moved, waiting: { ...this.#amount(rest), writers: [...free.awaited] } };
  }

  #writers(): Promise<Writers> {
    const { host, dryRun } = this.#options;
    const swept = dryRun ? undefined : [];
    return findWriters({ store: this.#store, bundle: this.#bundle, host, swept, own: this.#own });
  }

  #result({ census, levels, classOf }: Judged, small: Amount): CoolResult {
    const cold = new Map<number, string>();
    for (const pack of census.present) {
      const name = classOf(pack);
      if (name !== undefined) cold.set(pack, name);
    }
    const warmest = levels.at(-1);
    const needed = [...cold.keys()].filter(
      (pack) => this.#catalog.isFrozen(pack) && (warmest?.census.usedBytes(pack) ?? census.usedBytes(pack)) > 0,
    );
    return {
      moved: [],
      waiting: { packs: 0, bytes: 0, writers: [] },
      separated: { packs: 0, bytes: 0, movedBytes: 0 },
      mixed: { packs: 0, bytes: 0, coldBytes: 0 },
      small,
      lies: this.#byClass(cold),
      neededFrozen: this.#amount(needed),
      retained: this.#retained,
    };
  }

  #byClass(packs: ReadonlyMap<number, string>): ClassAmount[] {
    const classes = Map.groupBy(packs, ([, name]) => name);
    return [...classes]
      .toSorted(([a], [b]) => coldness(a) - coldness(b))
      .map(([name, some]) => ({ class: name, ...this.#amount(some.map(([pack]) => pack)) }));
  }

  #amount(packs: readonly number[]): Amount {
    const bytes = packs.reduce((total, pack) => total + (this.#catalog.packs[pack]?.bytes ?? 0), 0);
    return { packs: packs.length, bytes };
  }

  #idOf(pack: number): string {
    return this.#catalog.packs[pack]?.id ?? '';
  }

  #parts(): { store: Store; bundle: KeyBundle; reader: PackReader; clock: CoolOptions['clock'] } {
    return { store: this.#store, bundle: this.#bundle, reader: this.#reader, clock: this.#options.clock };
  }
}
