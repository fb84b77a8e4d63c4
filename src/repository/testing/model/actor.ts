import { randomBytes } from 'node:crypto';
import { assert, isLifeboatError, limits, systemClock } from '../../../core/index.ts';
import type { Repository, VerifyOptions } from '../../repository.ts';
import { replicate } from '../../replicate/replicate.ts';
import { facts, file, reopen, writeOptions } from '../fixtures.ts';
import { contentSizes, type Action, type Replicating } from './actions.ts';
import type { Handle } from './handle.ts';
import { beforeOf, judge } from './judge.ts';
import type { Known, Tree, World } from './world.ts';

type Backup = Action & { readonly do: 'backup' };

const contents: readonly Buffer[] = contentSizes.map((size, i) =>
  i === contentSizes.length - 1 ? Buffer.alloc(size) : i === contentSizes.length - 2 ? textOf(size) : randomBytes(size),
);

function textOf(size: number): Buffer {
  return Buffer.from(Array.from({ length: size / 10 }, (_, i) => `${i}`.padEnd(9, ' ')).join('\n')).subarray(0, size);
}

export const counts = {
  backups: 0,
  kills: 0,
  verified: 0,
  restored: 0,
  harms: 0,
  forgotten: 0,
  prunes: 0,
  deletedPacks: 0,
  movedPacks: 0,
  evictions: 0,
  copies: 0,
  copiedPoints: 0,
  copiesRead: 0,
};

/** One process: does what its program says, and looks after each act whether what it was told is so. */
export class Actor {
  readonly #number: number;
  readonly #world: World;
  readonly #turn: () => Promise<void>;
  #lives = 0;
  #handle: Handle;
  #repository: Repository | undefined;

  constructor(number: number, world: World, turn: () => Promise<void>) {
    this.#number = number;
    this.#world = world;
    this.#turn = turn;
    this.#handle = world.handle(turn);
  }

  async act(action: Action): Promise<void> {
    if (action.do === 'backup') return this.#backup(action);
    if (action.do === 'verify') return this.#verify(action.depth);
    if (action.do === 'forget') return this.#forget(this.#pick(action.which));
    if (action.do === 'restore') return this.#restore(this.#pick(action.which));
    if (action.do === 'reopen') return this.#restart();
    if (action.do === 'prune') return this.#prune(action);
    if (action.do === 'replicate') return this.#replicate(action);
    await this.#turn();
    await this.#world.harm(action);
    counts.harms += 1;
  }

  #pick(which: number): Known | undefined {
    const visible = this.#world.visible();
    return visible[which % Math.max(1, visible.length)];
  }

  #restart(): void {
    this.#lives += 1;
    this.#handle = this.#world.handle(this.#turn);
    this.#repository = undefined;
  }

  async #open(): Promise<Repository> {
    return (this.#repository ??= await reopen(this.#handle));
  }

  /** As the operation does it: what reads back damaged is distrusted, and the point taken again. */
  async #backup(action: Backup): Promise<void> {
    const tree = new Map(action.files.map((content, i) => [`f${i}`, contents[content] as Buffer]));
    const { harms, evictions } = this.#world;
    const repository = await this.#open();
    const distrust = new Set(this.#world.found);
    if (action.dies !== undefined) this.#handle.dies(action.dies);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#takePoint(repository, tree, distrust, action.stops);
        return this.#handle.lives();
      } catch (error) {
        if (this.#handle.isDead) return this.#bury(tree, harms);
        if (!isLifeboatError(error)) throw error;
        const wasGivenUp = this.#world.evictions > evictions;
        if (wasGivenUp && error.code === 'point.evicted') return this.#handle.lives();
        assert(
          error.code.startsWith('repository.'),
          `damage alone makes a backup fail: ${error.code} ${error.message}`,
        );
        for (const { object } of repository.damage()) this.#world.found.add(distrust.add(object) && object);
        if (attempt < limits.backupAttemptsMax) continue;
        // Only harm that goes on while it works can keep a backup from its point.
        assert(wasGivenUp || this.#world.harms > harms, `the backup gets its point: ${error.message}`);
        return this.#handle.lives();
      }
    }
  }

  async #takePoint(repository: Repository, tree: Tree, distrust: ReadonlySet<string>, stops: boolean): Promise<void> {
    const { harms } = this.#world;
    const host = `host-${this.#number}-${this.#lives}`;
    const writer = await repository.write({ ...writeOptions, host, distrust });
    try {
      for (const [path, bytes] of tree) await writer.add(file(path, bytes));
      if (stops) return await writer.abandon();
      const { id } = await writer.commit(facts(), { planHash: 'hash', tool: 'test' });
      await this.#world.learn(id, tree, harms);
      counts.backups += 1;
    } catch (error) {
      if (!this.#handle.isDead) await writer.abandon();
      throw error;
    }
  }

  /** The process died. Its point may have become visible all the same: then it is whole. */
  async #bury(tree: Tree, harms: number): Promise<void> {
    counts.kills += 1;
    for (const name of this.#handle.written) {
      const id = name.slice('points/'.length);
      if (name.startsWith('points/') && !this.#world.points.has(id) && !this.#world.isClaim(name)) {
        this.#world.orphans.add(id);
        await this.#world.learn(id, tree, harms);
      }
    }
    this.#restart();
  }

  /** Writers may be given up while they work; whoever is must not lose what is visible. */
  async #prune(action: Action & { readonly do: 'prune' }): Promise<void> {
    const repository = await this.#open();
    const isHarmed = this.#world.harms > 0;
    if (action.dies !== undefined) this.#handle.dies(action.dies);
    try {
      const { deleted, rewritten, evicted } = await repository.prune({
        clock: systemClock,
        host: `host-${this.#number}-${this.#lives}`,
        dryRun: false,
        rewriteBytesMax: action.rewriteBytesMax,
        distrust: new Set(this.#world.found),
        evict: action.evicts === undefined ? [] : await this.#world.evictee(action.evicts),
      });
      counts.deletedPacks += deleted.packs;
      counts.movedPacks += rewritten.packs;
      counts.evictions += evicted.length;
      counts.prunes += 1;
    } catch (error) {
      if (this.#handle.isDead) {
        counts.kills += 1;
        return this.#restart();
      }
      if (!isLifeboatError(error)) throw error;
      const isDamage = error.code === 'prune.blind' || error.code.startsWith('repository.');
      assert(
        error.code === 'store.busy' || (isDamage && (isHarmed || this.#world.harms > 0)),
        `a prune ends well: ${error.code} ${error.message}`,
      );
    }
    this.#handle.lives();
  }

  async #verify(depth: VerifyOptions['depth']): Promise<void> {
    const repository = await this.#open();
    const before = beforeOf(this.#world);
    const result = await repository.verify({ depth });
    await judge(this.#world, result, depth, before);
    for (const { object } of result.damage) this.#world.found.add(object);
    counts.verified += 1;
  }

  /** With the key or without, while others write, prune and die; what the copy shows comes back from it, now and after each of our deaths. */
  async #replicate(action: Replicating): Promise<void> {
    const { replica } = this.#world;
    if (action.prunesCopy !== undefined) await replica.prune(action.prunesCopy, this.#turn);
    const source = this.#handle;
    const target = replica.handle(this.#turn);
    if (action.dies !== undefined) (action.diesAt === 'source' ? source : target).dies(action.dies);
    const host = `host-${this.#number}-${this.#lives}`;
    try {
      const key = action.hasKey ? await this.#open() : undefined;
      const keyed = key === undefined ? {} : { lacks: key.lacks.bind(key), anewIn: key.anewIn.bind(key) };
      const { points, damage } = await replicate(source, target, { clock: systemClock, host, ...keyed });
      assert(damage.length === 0 || this.#world.harms > 0, `nothing is harmed: ${JSON.stringify(damage)}`);
      counts.copies += 1;
      counts.copiedPoints += points.length;
    } catch (error) {
      const code = isLifeboatError(error) ? error.code : 'internal';
      const isHarmed = this.#world.harms > 0 && code.startsWith('repository.');
      assert(source.isDead || target.isDead || isHarmed, `a copy ends well: ${code} ${String(error)}`);
    }
    // It may also have died where it tidies up, which it does as well as it can: what it left there is left by the dead.
    if (source.isDead || target.isDead) {
      counts.kills += 1;
      replica.deaths += 1;
    }
    counts.copiesRead += await replica.expectWhole(this.#world);
    if (source.isDead) this.#restart();
    else source.lives();
  }

  async #forget(known: Known | undefined): Promise<void> {
    if (known === undefined) return;
    const repository = await this.#open();
    // Another may have chosen the same meanwhile.
    if (known.forgotten) return;
    known.forgotten = true;
    try {
      await repository.forget(known.id);
    } catch (error) {
      // Somebody harmed it so that it was gone before.
      if (!isLifeboatError(error, 'point.missing')) throw error;
      assert(this.#world.harms > 0, `${known.id} is there to be forgotten`);
    }
    counts.forgotten += 1;
  }

  async #restore(known: Known | undefined): Promise<void> {
    if (known === undefined) return;
    if (await this.#world.restores(await this.#open(), known)) counts.restored += 1;
  }
}
