import { randomBytes } from 'node:crypto';
import { assert, timeId } from '../../core/index.ts';
import { decideRetention, retentionRules } from '../../plan/index.ts';
import { replicate, type Point, type PruneResult, type Repository } from '../../repository/index.ts';
import { facts, file, makeRepository, readAll, reopen } from '../../repository/testing/fixtures.ts';
import { MemoryStore } from '../../repository/testing/memory-store.ts';
import { seed } from '../../testing/seed.ts';
import { TurnedClock } from './aged.ts';

const dayMs = 86_400_000;
const rules = retentionRules({ daily: '14d', weekly: '8w', monthly: '1y' });
export const writers = 4;

type Tree = ReadonlyMap<string, Buffer>;

/** Two stores, whoever writes to them, and the simple truth beside: what each point must give back, and where it must be. */
export class Year {
  readonly clock = new TurnedClock('2026-01-01T02:00:00Z');
  readonly near = new MemoryStore();
  readonly far = new MemoryStore();
  readonly trees = new Map<string, Tree>();
  readonly visible = { near: new Map<string, Point>(), far: new Map<string, Point>() };
  readonly gone = new Set<string>();
  readonly counts = {
    backups: 0,
    killed: 0,
    forgotten: 0,
    pruned: 0,
    deletedPacks: 0,
    movedBytes: 0,
    restored: 0,
    evicted: 0,
  };
  /** Points with a legal hold. */
  readonly held = new Set<string>();
  peakBytes = 0;
  #random = seed >>> 0;
  readonly #assets: Map<string, Buffer>[];
  #open: Repository[] = [];

  constructor(assets: number) {
    const common = randomBytes(20_000);
    this.#assets = Array.from({ length: assets }, () => new Map([['common', common]]));
    for (const tree of this.#assets) for (let i = 0; i < 5; i += 1) tree.set(`f${i}`, randomBytes(3_000));
  }

  async begin(): Promise<void> {
    await makeRepository(this.near);
    this.#open = await Promise.all(Array.from({ length: writers }, () => reopen(this.near)));
    await replicate(this.near, this.far, { clock: this.clock, host: 'replicator' });
  }

  /** A day: all writers at once, a prune among them each week. */
  async live(day: number): Promise<void> {
    const work: Promise<unknown>[] = Array.from({ length: writers }, (_, writer) => this.#backups(writer));
    if (day % 7 === 6) work.push(this.prune('near'), this.prune('far'));
    await Promise.all(work);
    await this.#copy();
    if (day % 30 === 10) await this.#hold();
    if (day % 7 === 5) await this.retain();
    this.peakBytes = Math.max(this.peakBytes, bytesOf(this.near));
    if (day % 10 === 9) await this.restoreSome(3);
    // Nobody asks which calls there were, and a year of them fills the memory.
    for (const store of [this.near, this.far]) store.calls.length = 0;
    this.clock.nowMs += dayMs;
  }

  async #backups(writer: number): Promise<void> {
    for (let asset = writer; asset < this.#assets.length; asset += writers) await this.#backup(asset, writer);
  }

  async #backup(asset: number, writer: number): Promise<void> {
    const tree = this.#assets[asset] as Map<string, Buffer>;
    tree.set(`f${this.#chance(5)}`, randomBytes(2_000 + this.#chance(3_000)));
    const taken = new Map(tree);
    const repository = this.#open[writer] as Repository;
    const options = { asset: `asset-${asset}`, assetType: 'files', clock: this.clock, host: `writer-${writer}` };
    const point = await repository.write(options);
    for (const [path, bytes] of taken) await point.add(file(path, bytes));
    if (this.#chance(100) === 0) {
      // A machine that is never heard of again.
      this.counts.killed += 1;
      return;
    }
    const made = await point.commit(facts({ atMs: this.clock.now() }), { planHash: '', tool: 'test' });
    this.trees.set(made.id, taken);
    this.visible.near.set(made.id, made);
    this.counts.backups += 1;
  }

  async #copy(): Promise<void> {
    const { points } = await replicate(this.near, this.far, { clock: this.clock, host: 'replicator', skip: this.gone });
    for (const id of points) this.visible.far.set(id, this.visible.near.get(id) as Point);
  }

  async #hold(): Promise<void> {
    const [point] = this.visible.near.keys();
    const id = timeId(this.clock.now());
    const hold = { id, kind: 'legal', reason: 'a case', by: 'counsel', createdMs: this.clock.now() } as const;
    await (this.#open[0] as Repository).hold({ ...hold, point: point as string });
    this.held.add(point as string);
  }

  async retain(): Promise<void> {
    for (const where of ['near', 'far'] as const) {
      const repository = await reopen(this[where]);
      const { points, damage } = await repository.points();
      assert(damage.length === 0, `every point of ${where} can be read`);
      const listed = points.map(({ id }) => id);
      const missing = new Set(listed).symmetricDifference(new Set(this.visible[where].keys()));
      assert(missing.size === 0, `${where} lists what should be there, and nothing else: ${[...missing].join()}`);
      const { holds } = await repository.holds();
      const decisions = decideRetention({
        points: points.map(({ id, asset, kind, atMs }) => ({
          id,
          asset,
          kind,
          atMs,
          verifiedMs: undefined,
          provenMs: undefined,
          damaged: false,
        })),
        rulesOf: () => rules,
        holds: holds.map((hold) => ({
          id: hold.id,
          point: hold.point,
          asset: hold.asset,
          untilMs: hold.untilMs,
          words: hold.reason,
        })),
        nothingGoes: undefined,
        timezone: 'UTC',
        nowMs: this.clock.now(),
      });
      for (const { keep, point } of decisions) {
        if (keep) continue;
        assert(!this.held.has(point.id), `${point.id} is held`);
        await repository.forget(point.id);
        this.visible[where].delete(point.id);
        this.gone.add(point.id);
        this.counts.forgotten += 1;
      }
    }
  }

  /** Writers whose machines are gone for a week are given up, by whoever knows that. */
  async prune(where: 'near' | 'far', dead: readonly string[] = []): Promise<PruneResult> {
    const repository = await reopen(this[where]);
    const result = await repository.prune({ clock: this.clock, host: 'pruner', dryRun: false, evict: dead });
    this.counts.pruned += 1;
    this.counts.deletedPacks += result.deleted.packs;
    this.counts.movedBytes += result.rewritten.movedBytes;
    this.counts.evicted += result.evicted.length;
    return result;
  }

  async restoreSome(count: number): Promise<void> {
    for (const where of ['near', 'far'] as const) {
      const ids = [...this.visible[where].keys()];
      const repository = await reopen(this[where]);
      for (let i = 0; i < count && ids.length > 0; i += 1)
        await this.restore(repository, ids[this.#chance(ids.length)] as string);
    }
  }

  async restore(repository: Repository, id: string): Promise<void> {
    const files = await readAll(repository, await repository.point(id));
    for (const [path, bytes] of this.trees.get(id) as Tree)
      assert(files.get(path)?.equals(bytes), `${path} of ${id} is as it was`);
    this.counts.restored += 1;
  }

  /** A number below `most`, the same again for the same seed. */
  #chance(most: number): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#random / 2 ** 32) * most);
  }
}

export const bytesOf = (store: MemoryStore): number =>
  [...store.objects.values()].reduce((total, { length }) => total + length, 0);
