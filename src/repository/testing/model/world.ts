import { assert, isLifeboatError, systemClock } from '../../../core/index.ts';
import type { Store } from '../../../stores/index.ts';
import type { Repository } from '../../repository.ts';
import { makeRepository, readAll, reopen } from '../fixtures.ts';
import type { Harm, Harmful } from './actions.ts';
import { Handle } from './handle.ts';
import { Replica } from './replica.ts';

export type Tree = ReadonlyMap<string, Buffer>;

/** A point as the model knows it. */
export interface Known {
  readonly id: string;
  readonly tree: Tree;
  /** Packs that a restore of it read when it was made; unknown if harm came in between. */
  needs: ReadonlySet<string> | undefined;
  /** Somebody has begun to forget it: it may be gone. */
  forgotten: boolean;
}

/** What a reader may say about a point that is not intact; anything else is a mistake. */
const honest = ['repository.damaged', 'repository.incomplete', 'repository.unreadable', 'point.missing'];

/**
 * A store and the simple model beside it: points with the bytes that they must give back, and every object as it was put. Work
 * through `look` is done between two turns: nobody else moves meanwhile.
 */
export class World {
  readonly place: Store;
  /** The store that points are copied to. */
  readonly replica = new Replica();
  readonly points = new Map<string, Known>();
  /** Objects that any verification or backup found damaged: what the journal remembers. */
  readonly found = new Set<string>();
  /** Points whose maker died when they were made: this process, which plays all of them, takes their makers to be at work still. */
  readonly orphans = new Set<string>();
  /** Grows with each writer that was given up. */
  evictions = 0;
  /** Grows with each harm: two equal readings mean that none came in between. */
  harms = 0;
  readonly harmed = new Map<string, 'changed' | 'gone'>();
  readonly #pristine = new Map<string, Buffer>();

  private constructor(place: Store) {
    this.place = place;
  }

  static async make(place: Store): Promise<World> {
    const world = new World(place);
    await makeRepository(world.handle());
    return world;
  }

  handle(turn: () => Promise<void> = async () => {}): Handle {
    return new Handle(this.place, { turn, wasPut: (name, bytes) => this.#wasPut(name, bytes) });
  }

  look(): Promise<Repository> {
    return reopen(this.handle());
  }

  /** Objects that were ever put. */
  get puts(): number {
    return this.#pristine.size;
  }

  visible(): Known[] {
    return [...this.points.values()].filter(({ forgotten }) => !forgotten);
  }

  /** A point that was just made comes back, whatever was damaged before: only harm since `harms` was read can have hurt it. */
  async learn(id: string, tree: Tree, harms: number): Promise<void> {
    const handle = this.handle();
    const repository = await reopen(handle);
    const known: Known = { id, tree, needs: undefined, forgotten: false };
    const isWhole = await this.restores(repository, known);
    assert(isWhole || this.harms > harms, `${id}, which was just made, comes back`);
    this.points.set(id, isWhole ? { ...known, needs: packsRead(handle) } : known);
  }

  /** Nothing that the point needs was harmed. */
  isIntact({ id, needs }: Known): boolean {
    return needs !== undefined && [...needs, `points/${id}`].every((name) => !this.harmed.has(name));
  }

  /** Whether what was put there only keeps the name of a point taken. */
  isClaim(name: string): boolean {
    return isClaimed(name, this.#pristine.get(name));
  }

  /** Those of the names whose objects are there. */
  async present(names: readonly string[]): Promise<string[]> {
    const there: string[] = [];
    for (const name of names) if ((await this.#bytesOf(name)) !== undefined) there.push(name);
    return there;
  }

  /** One of the writers that a prune would wait for, to be given up; counted. None if there is none. */
  async evictee(which: number): Promise<string[]> {
    const plan = { clock: systemClock, host: 'nobody', dryRun: true };
    const { writers } = await this.look()
      .then((repository) => repository.prune(plan))
      .catch((error: unknown) => {
        if (isLifeboatError(error)) return { writers: [] };
        throw error;
      });
    const one = writers[which % Math.max(1, writers.length)];
    if (one !== undefined) this.evictions += 1;
    return one === undefined ? [] : [one.id];
  }

  /** A prune may have moved what points need: asked anew before something is harmed. */
  async #refreshNeeds(): Promise<void> {
    for (const known of this.visible()) {
      if (known.needs === undefined) continue;
      const handle = this.handle();
      if (!(await this.restores(await reopen(handle), known))) continue;
      this.points.set(known.id, Object.assign(known, { needs: packsRead(handle) }));
    }
  }

  /** Objects that are not as they were put, though nobody harmed them: none. Sessions end, and forgotten points are gone by right. */
  async lost(): Promise<string[]> {
    const lost: string[] = [];
    for (const [name, bytes] of this.#pristine) {
      const isForgotten = this.points.get(name.slice('points/'.length))?.forgotten === true;
      if (this.harmed.has(name) || name.startsWith('sessions/') || isForgotten) continue;
      const now = await this.#bytesOf(name);
      // A prune takes packs, index and claims; whether it took the right ones, points that come back say.
      if (now === undefined ? !mayGo(name, bytes) : !now.equals(bytes)) lost.push(name);
    }
    return lost;
  }

  /** Harms an object, not both copies of what is kept twice. */
  async harm({ how, kind, which, at }: Harmful): Promise<void> {
    await this.#refreshNeeds();
    const names = [...this.#pristine.keys()].filter((name) => name.startsWith(kind) && !this.harmed.has(twinOf(name)));
    const name = names[which % Math.max(1, names.length)];
    const bytes = name === undefined ? undefined : await this.#bytesOf(name);
    if (name === undefined || bytes === undefined) return;
    const other = names[(which + 1) % names.length] as string;
    const after = how === 'drop' ? undefined : harmedBytes(how, bytes, at, (await this.#bytesOf(other)) ?? bytes);
    if (after?.equals(bytes) === true) return;
    this.harms += 1;
    this.harmed.set(name, after === undefined ? 'gone' : 'changed');
    if (after === undefined) await this.place.remove(name);
    else await this.place.put(name, [after]);
    // A second harm may undo the first.
    if (after !== undefined && this.#pristine.get(name)?.equals(after) === true) this.harmed.delete(name);
  }

  /**
   * Restores a point through a repository: the right bytes, or an honest error where something was harmed. Returns whether it
   * came back.
   */
  async restores(repository: Repository, known: Known): Promise<boolean> {
    try {
      const read = await readAll(repository, await repository.point(known.id));
      assert(
        [...read.keys()].join() === [...known.tree.keys()].join(),
        `the files of ${known.id} are those of its tree`,
      );
      for (const [path, bytes] of known.tree)
        assert(read.get(path)?.equals(bytes), `${path} of ${known.id} is as it was`);
      return true;
    } catch (error) {
      if (!isLifeboatError(error)) throw error;
      assert(honest.includes(error.code), `the error is honest: ${error.code} ${error.message}`);
      if (known.forgotten) return false;
      assert(!this.isIntact(known), `${known.id}, which is intact, comes back: ${error.message}`);
      return false;
    }
  }

  #wasPut(name: string, bytes: Buffer): void {
    this.#pristine.set(name, bytes);
    // What is kept twice may be mended.
    this.harmed.delete(name);
  }

  async #bytesOf(name: string): Promise<Buffer | undefined> {
    try {
      return await this.place.get(name);
    } catch (error) {
      if (isLifeboatError(error, 'store.missing')) return undefined;
      throw error;
    }
  }
}

const packsRead = (handle: Handle): Set<string> =>
  new Set([...handle.read].filter((name) => name.startsWith('packs/')));

/** What a prune may take: nothing of the header, of keys, or of a point. */
const mayGo = (name: string, bytes: Buffer): boolean =>
  ['packs/', 'index/', 'condemned/', 'awaited/'].some((folder) => name.startsWith(folder)) || isClaimed(name, bytes);

/** A point is sealed; the claim of its name is a line of JSON. */
const isClaimed = (name: string, bytes: Buffer | undefined): boolean =>
  name.startsWith('points/') && bytes?.[0] === 0x7b;

const twinOf = (name: string): string => (name.endsWith('.copy') ? name.slice(0, -'.copy'.length) : `${name}.copy`);

function harmedBytes(how: Exclude<Harm, 'drop'>, bytes: Buffer, at: number, other: Buffer): Buffer {
  const offset = Math.min(bytes.length - 1, Math.floor(at * bytes.length));
  if (how === 'empty' || bytes.length === 0) return Buffer.alloc(0);
  if (how === 'cut') return bytes.subarray(0, offset);
  if (how === 'grow') return Buffer.concat([bytes, Buffer.of(offset & 255)]);
  if (how === 'swap') return other;
  const changed = Buffer.from(bytes);
  changed[offset] = (changed[offset] as number) ^ (1 << (offset & 7));
  return changed;
}
