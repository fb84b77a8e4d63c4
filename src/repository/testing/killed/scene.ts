import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { assert, systemClock } from '../../../core/index.ts';
import { openFsStore } from '../../../stores/fs/index.ts';
import type { Store } from '../../../stores/index.ts';
import type { Repository } from '../../repository.ts';
import type { PruneOptions, PruneResult } from '../../prune/index.ts';
import { makeRepository, readAll, reopen } from '../fixtures.ts';
import { blockOf, type Blocks } from './content.ts';

/** So many points stay when older ones are forgotten. */
const pointsKept = 10;

/** One store, processes that back up to it, prunes that are killed, and what must be in it whatever happens. */
export class KilledPrunes {
  readonly counts = { killed: 0, finished: 0, points: 0, refused: 0, forgotten: 0, restored: 0, writersKilled: 0 };
  /** What was said to be safe and was not forgotten. */
  readonly safe = new Map<string, Blocks>();
  readonly #path: string;
  #writers: { child: ChildProcess; ended: Promise<unknown> }[] = [];
  #writersStarted = 0;

  private constructor(path: string) {
    this.#path = path;
  }

  static async at(path: string): Promise<KilledPrunes> {
    await makeRepository(await openFsStore(path, true));
    return new KilledPrunes(path);
  }

  store(): Promise<Store> {
    return openFsStore(this.#path, false);
  }

  async startWriter(): Promise<void> {
    const child = spawn(process.execPath, [programOf('writer'), this.#path, String(this.#writersStarted)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#writersStarted += 1;
    const lines = createInterface({ input: child.stdout });
    const first = once(lines, 'line');
    lines.on('line', (line) => this.#hear(line));
    this.#writers.push({ child, ended: Promise.all([once(child, 'exit'), once(lines, 'close')]) });
    await first;
  }

  /** Waits until so many points were made since. */
  async points(count: number): Promise<void> {
    const wanted = this.counts.points + count;
    while (this.counts.points < wanted) await systemClock.sleep(5);
  }

  /** Lets a prune work until it is killed: in front of its `call`th call to the store, or at some instant. False where it ended before. */
  async killPrune(call: number | 'any'): Promise<boolean> {
    const words = [programOf('pruner'), this.#path, String(call === 'any' ? 0 : call)];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    if (call === 'any') {
      await Promise.race([once(child.stdout, 'data'), ended]);
      await systemClock.sleep(Math.random() * 250);
      child.kill('SIGKILL');
    } else child.stdout.resume();
    const [exitCode, signal] = (await ended) as [number | null, string | null];
    assert(signal === 'SIGKILL' || exitCode === 0, `the prune was killed or did its work (${exitCode} ${signal})`);
    this.counts[signal === 'SIGKILL' ? 'killed' : 'finished'] += 1;
    return signal === 'SIGKILL';
  }

  async killWriter(): Promise<void> {
    const writer = this.#writers.shift();
    writer?.child.kill('SIGKILL');
    await writer?.ended;
    this.counts.writersKilled += 1;
  }

  /** Lets all writers end their point. */
  async stopWriters(): Promise<void> {
    for (const { child, ended } of this.#writers.splice(0)) {
      child.stdin?.end();
      await ended;
    }
  }

  /** Stops a writer in the middle of a point, as a machine that hangs does; returns the id of its session. */
  async freezeWriter(): Promise<string> {
    const store = await this.store();
    for (;;) {
      this.#writers[0]?.child.kill('SIGSTOP');
      const sessions = await Array.fromAsync(store.list('sessions/'));
      const points = new Set(await this.#pointsListed(store));
      const open = sessions.map(({ name }) => name.slice('sessions/'.length)).find((id) => !points.has(id));
      if (open !== undefined) return open;
      this.thawWriter();
      await systemClock.sleep(5);
    }
  }

  thawWriter(): void {
    this.#writers[0]?.child.kill('SIGCONT');
  }

  async #pointsListed(store: Store): Promise<string[]> {
    return (await Array.fromAsync(store.list('points/'))).map(({ name }) => name.slice('points/'.length));
  }

  async forgetOld(): Promise<void> {
    const repository = await reopen(await this.store());
    for (const id of [...this.safe.keys()].slice(0, -pointsKept)) {
      // First here: from now on nobody is owed it.
      this.safe.delete(id);
      await repository.forget(id);
      this.counts.forgotten += 1;
    }
  }

  /** Every point that was said to be safe is listed, and some, or all, of them come back as they were. */
  async expectSafe(some: number | 'all'): Promise<void> {
    const owed = [...this.safe];
    const repository = await reopen(await this.store());
    const { points, damage } = await repository.points();
    assert(damage.length === 0, `every point can be read: ${JSON.stringify(damage)}`);
    const listed = new Set(points.map(({ id }) => id));
    const lost = owed.filter(([id]) => !listed.has(id));
    assert(lost.length === 0, `no point is lost: ${lost.map(([id]) => id).join()}`);
    const chosen = some === 'all' ? owed : owed.toSorted(() => Math.random() - 0.5).slice(0, some);
    for (const [id, blocks] of chosen) await this.#restore(repository, id, blocks);
  }

  async #restore(repository: Repository, id: string, blocks: Blocks): Promise<void> {
    const files = await readAll(repository, await repository.point(id));
    for (const [i, block] of blocks.entries())
      assert(files.get(`file-${i}`)?.equals(blockOf(block)), `file ${i} of ${id} is as it was`);
    this.counts.restored += 1;
  }

  async prune(more: Partial<PruneOptions> = {}): Promise<PruneResult> {
    const repository = await reopen(await this.store());
    return repository.prune({ clock: systemClock, host: 'here', dryRun: false, ...more });
  }

  #hear(line: string): void {
    const said = JSON.parse(line) as { id: string; blocks: Blocks } | { refused: string };
    if ('refused' in said) {
      this.counts.refused += 1;
      return;
    }
    this.safe.set(said.id, said.blocks);
    this.counts.points += 1;
  }
}

const programOf = (name: string): string => fileURLToPath(new URL(`${name}.ts`, import.meta.url));
