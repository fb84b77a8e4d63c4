import { LifeboatError, silentProgress, timeId } from '../../core/index.ts';
import type { Store, StoredObject } from '../../stores/index.ts';
import { DamageLog } from '../damage.ts';
import { readCondemned, type CondemnedList } from '../format/condemned-object.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { objectOfName } from '../names.ts';
import { Catalog } from '../read/catalog.ts';
import { PackReader } from '../read/pack-reader.ts';
import { closeAlone, openAlone } from './alone.ts';
import { Bits } from '../bits.ts';
import { Census } from './census.ts';
import { choose, type Choice } from './choose.ts';
import { condemn } from './condemn.ts';
import { Needs } from './needs.ts';
import { planOf } from './plan-of.ts';
import type { PruneOptions, PruneResult } from './prune-contract.ts';
import { removeObjects } from './remove.ts';
import { reindex } from './reindex.ts';
import { readBackChunks, rewrite, type RewriteOf } from './rewrite.ts';
import { sentence, type Sentenced } from './sentence.ts';
import { tidyUp } from './tidy-up.ts';
import { evict, findWriters, type Writers } from './writers.ts';

/** Deletes what no point needs; docs/FORMAT.md, "Condemned packs", says why nothing is lost whatever happens meanwhile. */
export const pruneRepository = (store: Store, bundle: KeyBundle, options: PruneOptions): Promise<PruneResult> =>
  new Prune(store, bundle, options).run();

class Prune {
  readonly #store: Store;
  readonly #bundle: KeyBundle;
  readonly #options: PruneOptions;
  readonly #log = new DamageLog();
  readonly #catalog: Catalog;
  readonly #reader: PackReader;
  readonly #needs: Needs;
  /** Chunks, by ordinal, that this run has read back. */
  readonly #good = new Bits();
  readonly #swept: string[] = [];
  readonly #evicted: string[] = [];
  #own: string | undefined;

  constructor(store: Store, bundle: KeyBundle, options: PruneOptions) {
    this.#store = store;
    this.#bundle = bundle;
    this.#options = options;
    this.#catalog = new Catalog(store, bundle, this.#log);
    this.#reader = new PackReader(store, bundle, this.#catalog, this.#log);
    this.#needs = new Needs(store, bundle, this.#reader);
  }

  async run(): Promise<PruneResult> {
    await this.#beAlone();
    try {
      return await this.#prune();
    } finally {
      if (this.#own !== undefined) await closeAlone(this.#store, this.#own);
    }
  }

  async #prune(): Promise<PruneResult> {
    const { dryRun, approve, progress = silentProgress } = this.#options;
    progress.phase('packs');
    const before = await readCondemned(this.#store, this.#options.signal);
    await this.#catalog.refresh();
    const listed = await this.#catalog.adopt();
    // In this order: who wrote what was listed is at work still, or its point is read below.
    const writers = await this.#writers();
    progress.phase('points');
    await this.#needs.readPoints(dryRun ? this.#options : { ...this.#options, without: undefined });
    const census = this.#census(listed, before);
    const choice = choose({
      catalog: this.#catalog,
      census,
      isBusy: this.#busy(writers),
      rewriteBytesMax: this.#options.rewriteBytesMax,
      epoch: this.#bundle.epoch,
      rekey: this.#options.rekey === true,
    });
    const plan = planOf({ choice, census, needs: this.#needs, writers, log: this.#log, damage: before.damage });
    if (dryRun) return { ...plan, ...nothingDone, blockedBy: before.damage.map(({ object }) => object) };
    await approve?.(plan);
    const spoilt = await this.#rewrite(choice, census);
    progress.phase('condemn');
    const moved = choice.rewritten.filter((pack) => this.#isMoved(census, pack));
    const fated = [...choice.unneeded, ...moved, ...spoilt].filter((pack) => !census.isCondemned(pack));
    await condemn(
      this.#parts(),
      fated.map((pack) => this.#idOf(pack)),
    );
    return { ...plan, ...(await this.#execute()) };
  }

  /** What every prune does, and all that is left to do for one that goes on after another that was killed. */
  async #execute(): Promise<Omit<PruneResult, keyof ReturnType<typeof planOf>>> {
    const { progress = silentProgress, signal } = this.#options;
    // In this order: see the proof in docs/FORMAT.md.
    const condemned = await readCondemned(this.#store, signal);
    const sentenced = await this.#sentence(condemned);
    progress.phase('delete', { bytes: sentenced.deletable.reduce((total, { bytes }) => total + bytes, 0) });
    const retained = await removeObjects({ store: this.#store, signal, progress }, sentenced.deletable);
    const indexes = await this.#reindex(condemned);
    await this.#tidyUp(condemned);
    const kept = new Set(retained.map(({ object }) => object));
    const deleted = sentenced.deletable.filter(({ name }) => !kept.has(name));
    return {
      deleted: { packs: deleted.length, bytes: deleted.reduce((total, { bytes }) => total + bytes, 0) },
      waiting: sentenced.waiting,
      neededAgain: sentenced.neededAgain,
      retained,
      indexes,
      evicted: this.#evicted,
      swept: this.#swept,
      blockedBy: condemned.damage.map(({ object }) => object),
    };
  }

  async #sentence(condemned: CondemnedList): Promise<Sentenced> {
    return sentence({
      ...this.#parts(),
      condemned,
      needs: this.#needs,
      reader: this.#reader,
      good: this.#good,
      distrust: this.#options.distrust ?? new Set(),
      findWriters: () => this.#writers(),
      options: this.#options,
    });
  }

  /**
   * Chunks that are needed go into new packs, which are read back before the old ones are condemned. Returns the new ones that the store
   * did not keep as they were written: they go, too.
   */
  async #rewrite(choice: Choice, census: Census): Promise<number[]> {
    const { progress = silentProgress } = this.#options;
    const chunks = new Map(choice.rewritten.map((pack) => [pack, this.#uniqueIn(census, pack)]));
    const bytes = [...chunks.keys()].reduce((total, pack) => total + census.usedBytes(pack), 0);
    progress.phase('rewrite', { bytes });
    const parts: RewriteOf = { ...this.#parts(), reader: this.#reader, signal: this.#options.signal, progress };
    const written = await rewrite(parts, chunks);
    await this.#catalog.refresh();
    const fresh = written.flatMap((id) => this.#catalog.numberOf(id) ?? []);
    await readBackChunks(parts, new Map(fresh.map((pack) => [pack, this.#catalog.ordinalsOf(pack)])), this.#good);
    return fresh.filter((pack) => this.#catalog.ordinalsOf(pack).some((ordinal) => !this.#good.has(ordinal)));
  }

  /** Whether all that is needed of a pack was read back elsewhere. */
  #isMoved(census: Census, pack: number): boolean {
    const { table } = this.#catalog;
    return census
      .neededIn(pack)
      .every((ordinal) => table.find(table.idOf(ordinal), (candidate) => this.#good.has(candidate)) >= 0);
  }

  /** A chunk that stands in several packs that go is moved once. */
  readonly #moved = new Bits();
  #uniqueIn(census: Census, pack: number): number[] {
    const { table } = this.#catalog;
    return census.neededIn(pack).filter((ordinal) => {
      const first = table.find(table.idOf(ordinal));
      if (this.#moved.has(first)) return false;
      this.#moved.add(first);
      return true;
    });
  }

  async #reindex(condemned: CondemnedList): Promise<{ written: number; removed: number }> {
    const indexes = await Array.fromAsync(this.#store.list('index/'));
    const { index: announced } = await this.#writers();
    const there = await this.#packsThere();
    const isGone = (pack: string): boolean => !there.has(pack) && (condemned.packs.has(pack) || !this.#isNeeded(pack));
    const { signal } = this.#options;
    return reindex({ ...this.#parts(), catalog: this.#catalog, signal, announced, isGone }, indexes);
  }

  #isNeeded(id: string): boolean {
    const pack = this.#catalog.numberOf(id);
    const { table } = this.#catalog;
    if (pack === undefined) return true;
    return this.#catalog.ordinalsOf(pack).some((ordinal) => this.#needs.chunks.has(table.find(table.idOf(ordinal))));
  }

  async #tidyUp({ condemned }: CondemnedList): Promise<void> {
    const { listed } = await this.#writers();
    const fresh = new Set(this.#swept.map((name) => objectOfName(name).id));
    // One that was swept just now may have a request under way: its claim stays until the next prune.
    const claimed = [...this.#needs.claimed].filter((id) => !listed.has(id) && !fresh.has(id));
    this.#swept.push(...(await tidyUp({ store: this.#store, condemned, there: await this.#packsThere(), claimed })));
  }

  async #packsThere(): Promise<Set<string>> {
    const there = new Set<string>();
    for await (const { name } of this.#store.list('packs/')) there.add(objectOfName(name).id);
    return there;
  }

  async #evict(ids: readonly string[]): Promise<void> {
    for (const id of ids) if (await evict(this.#store, id, this.#options.host)) this.#evicted.push(id);
  }

  #busy(writers: Writers): (pack: number) => boolean {
    if (writers.open.length === 0) return () => false;
    // A replicator brings packs and their index long before the points: nobody can tell which are among them.
    if (writers.announcesNothing) return () => true;
    const indexed = new Set<string>();
    const unindexed = new Set(this.#catalog.adopted().map(({ pack }) => pack.id));
    for (const [id, packs] of this.#catalog.coverage())
      if (writers.index.has(id)) packs.forEach((one) => indexed.add(one));
    return (pack) => unindexed.has(this.#idOf(pack)) || indexed.has(this.#idOf(pack));
  }

  #census(listed: readonly StoredObject[], condemned: CondemnedList): Census {
    return new Census({
      catalog: this.#catalog,
      listed,
      needed: this.#needs.chunks,
      condemned: condemned.packs,
      distrust: this.#options.distrust ?? new Set(),
      preferEpoch: this.#options.rekey === true ? this.#bundle.epoch : undefined,
    });
  }

  #writers(): Promise<Writers> {
    return findWriters({
      store: this.#store,
      bundle: this.#bundle,
      host: this.#options.host,
      swept: this.#options.dryRun ? undefined : this.#swept,
      own: this.#own,
    });
  }

  async #beAlone(): Promise<void> {
    const { clock, host, dryRun, evict: evicted = [] } = this.#options;
    if (dryRun) return;
    this.#own = timeId(clock.now());
    const parts = { store: this.#store, bundle: this.#bundle, log: this.#log, id: this.#own, host, nowMs: clock.now() };
    await openAlone(parts, async () => {
      await this.#evict(evicted);
      return this.#writers();
    });
  }

  #parts(): { store: Store; bundle: KeyBundle; clock: PruneOptions['clock'] } {
    return { store: this.#store, bundle: this.#bundle, clock: this.#options.clock };
  }

  #idOf(pack: number): string {
    const record = this.#catalog.packs[pack];
    if (record === undefined) throw new LifeboatError('internal', `there is no pack ${pack}`);
    return record.id;
  }
}

const none = { packs: 0, bytes: 0 };
const nothingDone = {
  deleted: none,
  waiting: { ...none, writers: [] },
  neededAgain: none,
  retained: [],
  indexes: { written: 0, removed: 0 },
  evicted: [],
  swept: [],
};
