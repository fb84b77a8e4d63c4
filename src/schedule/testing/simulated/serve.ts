import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { LifeboatError, ManualClock } from '../../../core/index.ts';
import type { Journal } from '../../../journal/index.ts';
import type { StandbyLine, StreamLine } from '../../../operations/index.ts';
import type { Plan } from '../../../plan/index.ts';
import {
  alertRules,
  metricsText,
  tasksOf,
  type Hands,
  type Keeper,
  type Outcome,
  type ServeFacts,
  type StreamFact,
  type Task,
} from '../../index.ts';
import { BenchFolder, settled, type Bench } from '../bench.ts';
import { rangIn, type Rang } from './judge.ts';
import { SeriesRecord } from './series.ts';
import { Told } from './told.ts';

const minuteMs = 60_000;

/** A clock whose machine may sleep: wall time goes on, timers stand still. */
class SleepyClock extends ManualClock {
  #sleptMs = 0;
  override now = (): number => super.now() + this.#sleptMs;
  sleepThrough(ms: number): void {
    this.#sleptMs += ms;
  }
}

export interface World {
  /** What it does with one try, otherwise than well; undefined: all goes well. */
  fault: (task: Task, tries: number) => 'fails' | 'hangs' | 'red' | undefined;
  /** Bytes of a point of an asset. */
  bytesOf: (asset: string) => number;
  /** How long a task takes. */
  takesMs: (task: Task) => number;
  /** What the stream of an asset says at that moment; `silent`: nothing new. */
  stream: (asset: string) => 'well' | 'behind' | 'silent' | 'ended';
  /** What the standby of an asset that is streamed says; `silent`: nothing new. */
  standby: (asset: string) => 'well' | 'behind' | 'waiting' | 'making' | 'silent';
  /** Whether the dead man's switch hears of us. */
  isHeard: () => boolean;
  planRefused: () => ServeFacts['planRefused'];
  /** Whether people's channels take what is told them. */
  isTaken: () => boolean;
  /** Another machine keeps the same schedule and knows nothing of this one. */
  isTwice: () => boolean;
  isFull: () => boolean;
}

/**
 * `lifeboat serve` of a plan in simulated time: its scheduler, ledger, journal and metrics are the real ones, its hands only take time and write down what
 * the operations write down. A Prometheus scrapes it each minute.
 */
export class SimulatedServe {
  readonly world: World;
  readonly record: SeriesRecord;
  readonly clock: SleepyClock;
  readonly #plan: Plan;
  readonly #keeperOf: (asset: string) => Keeper;
  readonly #folder = new BenchFolder(existsSync('/dev/shm') ? '/dev/shm' : tmpdir());
  readonly #tries = new Map<string, number>();
  readonly #lines = new Map<string, StreamLine>();
  readonly #standbyLines = new Map<string, StandbyLine>();
  readonly #bornMs: number;
  #heartbeatMs: number | 'never' = 'never';
  #startedMs: number;
  #bench: Bench | undefined;
  #told: Told | undefined;

  constructor({ plan, keeperOf }: { plan: Plan; keeperOf: (asset: string) => Keeper }, startMs: number) {
    this.#plan = plan;
    this.#keeperOf = keeperOf;
    this.#bornMs = startMs;
    this.clock = new SleepyClock(startMs);
    this.#startedMs = startMs;
    this.record = new SeriesRecord();
    this.world = {
      fault: () => undefined,
      bytesOf: () => 1000,
      takesMs: () => 20_000,
      stream: () => 'well',
      standby: () => 'well',
      isHeard: () => true,
      planRefused: () => undefined,
      isTaken: () => true,
      isTwice: () => false,
      isFull: () => false,
    };
  }

  start(): void {
    this.#startedMs = this.clock.now();
    this.#heartbeatMs = 'never';
    this.#lines.clear();
    const tasks = tasksOf(this.#plan, this.#keeperOf);
    this.#bench = this.#folder.start(tasks, this.#hands, {
      clock: this.clock,
      wrap: (journal) => this.#onDisk(journal),
    });
    this.#told = new Told({ journal: this.#journal, clock: this.clock, isTaken: () => this.world.isTaken() });
  }

  /** As `kill -9` does. */
  kill(): void {
    this.#told?.end();
    this.#bench?.kill();
    this.#bench = undefined;
    this.#told = undefined;
  }

  /** Told to end, as an upgrade does. */
  async stop(): Promise<void> {
    this.record.take(this.clock.now(), new Map());
    await this.#bench?.stop();
    this.kill();
  }

  /** Its scheduler stands still while the process goes on answering; ends as a `kill -9` does. */
  async hang(minutes: number): Promise<void> {
    await this.#bench?.stop();
    await this.minutes(minutes);
    this.kill();
  }

  testKeys(): void {
    this.#journal.append('keys.tested', {});
  }

  /** Somebody took a point by hand. */
  backupByHand(asset: string, store: string): void {
    const bytes = this.world.bytesOf(asset);
    this.#journal.append('backup.finished', { asset, store, bytes, storedBytes: bytes, seconds: 1 });
  }

  /** Something is to be told to people. */
  tell(key: string): void {
    this.#told?.say(key);
  }

  /** Lets that many minutes pass, with a scrape at the end of each. */
  async minutes(count: number): Promise<void> {
    for (let passed = 0; passed < count; passed += 1) {
      this.#scrape();
      await this.clock.advance(minuteMs);
      await settled(2);
      if (this.#bench === undefined) continue;
      if (this.world.isHeard()) this.#heartbeatMs = this.clock.now();
      this.#firstPoints();
      // Nothing waits on the day on which the disk is full.
      if (!this.world.isFull()) this.#told?.bring();
    }
  }

  hours = (count: number): Promise<void> => this.minutes(count * 60);

  /** The machine sleeps: nothing moves, nothing answers. */
  sleep(minutes: number): void {
    for (let passed = 0; passed < minutes; passed += 1) {
      this.record.take(this.clock.now(), new Map());
      this.clock.sleepThrough(minuteMs);
    }
  }

  /** What rang in all that time, minute by minute. */
  rang(): Promise<Rang[]> {
    const rules = alertRules(this.#plan, this.#keeperOf);
    return rangIn(rules, this.record, { startMs: this.#bornMs, endMs: this.clock.now() - minuteMs });
  }

  remove(): void {
    this.kill();
    this.#folder.remove();
  }

  #onDisk(journal: Journal): Journal {
    return new Proxy(journal, {
      get: (target, key) => {
        if (key === 'append' && this.world.isFull())
          return () => {
            throw new LifeboatError('disk.full', 'the disk of the journal is full');
          };
        const value: unknown = Reflect.get(target, key);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  get #journal(): Bench['journal'] {
    if (this.#bench === undefined) throw new Error('it does not run');
    return this.#bench.journal;
  }

  #scrape(): void {
    if (this.#bench === undefined) return this.record.take(this.clock.now(), new Map());
    const { ledger, scheduler } = this.#bench;
    ledger.refresh();
    const text = metricsText({
      nowMs: this.clock.now(),
      plan: this.#plan,
      tool: 'lifeboat',
      startedMs: this.#startedMs,
      planRefused: this.world.planRefused(),
      heartbeatMs: this.#plan.tool.heartbeat === undefined ? undefined : this.#heartbeatMs,
      keeping: {
        sinceMs: this.#startedMs,
        scheduler,
        ledger,
        streams: this.#streams(),
        toldBy: [],
        ...(this.#told === undefined ? {} : { messages: this.#told.messages }),
      },
      standbys: this.#standbys(),
      keeperOf: this.#keeperOf,
    });
    const texts = new Map([['here', text]]);
    if (this.world.isTwice()) texts.set('there', text);
    this.record.take(this.clock.now(), texts);
  }

  /** A stream takes the first point itself. */
  #firstPoints(): void {
    for (const { name, to } of this.#streamed())
      if (this.world.stream(name) !== 'ended' && this.#bench?.ledger.backups.get(name) === undefined)
        for (const store of to) this.backupByHand(name, store);
  }

  #streamed(): { name: string; to: readonly string[] }[] {
    return [...this.#plan.assets.values()].flatMap(({ name, policy = '' }) => {
      const to = this.#plan.policies.get(policy)?.streams?.to;
      return to === undefined ? [] : [{ name, to }];
    });
  }

  /** As a stream that is well says it each five seconds; it needs half a minute to begin. */
  #streams(): StreamFact[] {
    const nowMs = this.clock.now();
    return this.#streamed().map(({ name, to }): StreamFact => {
      const says = nowMs - this.#startedMs < 30_000 ? 'silent' : this.world.stream(name);
      const lossMs = says === 'behind' ? 100 * 3_600_000 : 2000;
      if (says !== 'silent') {
        const stores = to.map((store) => ({ store, completeToMs: nowMs - lossMs }));
        const line = {
          asset: name,
          at: nowMs,
          state: says === 'ended' ? 'ended' : 'streaming',
          serverMs: nowMs,
          stores,
        };
        // Only what metrics look at.
        this.#lines.set(name, line as unknown as StreamLine);
      }
      return { asset: name, last: this.#lines.get(name), error: undefined };
    });
  }

  /** Another process of this machine, which says each few seconds how it stands, and nothing while it is made. */
  #standbys(): Required<ServeFacts>['standbys'] {
    const nowMs = this.clock.now();
    return this.#streamed().map(({ name, to }) => {
      const says = this.world.standby(name);
      const kept = { asset: name, target: `/srv/${name}`, store: to[0] ?? '' };
      const seconds = says === 'behind' ? 3600 : 0;
      const line: StandbyLine =
        says === 'making'
          ? { ...kept, at: nowMs - 3_600_000, state: 'seeding', reason: 'there is none yet' }
          : { ...kept, at: nowMs, state: says === 'waiting' ? 'waiting' : 'following', behindSeconds: seconds };
      if (says !== 'silent' || !this.#standbyLines.has(name)) this.#standbyLines.set(name, line);
      return { line: this.#standbyLines.get(name) as StandbyLine, isAtWork: says === 'making' };
    });
  }

  readonly #hands: Hands = async (task, { signal }): Promise<Outcome> => {
    const tries = this.#tries.get(task.id) ?? 0;
    this.#tries.set(task.id, tries + 1);
    const fault = this.world.fault(task, tries);
    await this.clock.sleep(fault === 'hangs' ? Infinity : this.world.takesMs(task), signal);
    if (fault === 'fails') return { state: 'failed', words: 'not to be had', code: 'store.unreachable', soon: true };
    if (fault === 'red') return { state: 'red', words: 'damaged', code: 'verify.unmet' };
    this.#writeDown(task);
    return { state: 'done', words: 'as it should be' };
  };

  #writeDown({ work }: Task): void {
    const journal = this.#journal;
    if (work.kind === 'backup')
      for (const store of work.stores) {
        const bytes = this.world.bytesOf(work.asset);
        journal.append('backup.finished', { asset: work.asset, store, bytes, storedBytes: 10, seconds: 20 });
      }
    else if (work.kind === 'copy') journal.append('copy.finished', { to: work.to });
    else if (work.kind === 'prune') journal.append('prune.finished', { store: work.store });
    else if (work.kind === 'drill') journal.append('drill.finished', { drill: work.drill, verdict: 'pass' });
    else for (const store of this.#plan.stores.keys()) journal.append('verify.finished', { store, ok: true });
  }
}
