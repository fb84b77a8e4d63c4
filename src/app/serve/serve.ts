import { hostname } from 'node:os';
import { resolve } from 'node:path';
import {
  isLifeboatError,
  limits,
  silentProgress,
  systemClock,
  timeId,
  toLifeboatError,
  type Clock,
  type LifeboatError,
} from '../../core/index.ts';
import { isAtWork, standbyLines } from '../../operations/index.ts';
import type { Plan } from '../../plan/index.ts';
import { healthOf, metricsText, type Scheduler, type ServeFacts } from '../../schedule/index.ts';
import { openWorkspace, type OpenWorkspace } from '../open.ts';
import { toolVersion } from '../version.ts';
import type { ServeEvent } from './events.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Answering } from './host.ts';
import { keepersOf } from './keepers.ts';
import { listen, type Answer, type Listening } from './listen.ts';
import { PlanInForce } from './plan-in-force.ts';
import { Reign } from './reign.ts';
import { takeRole, type Role } from './role.ts';
import type { ServeOptions, ServeReport } from './serve-options.ts';

/**
 * Keeps a plan until it is told to stop: everything that has a calendar, the streams, and itself. Of several only one does; the others wait for their turn.
 * Throws what keeps it from beginning (`plan.*`, `journal.*`, `disk.*`, `port.taken`); later trouble is said, and shown.
 */
export async function serve(options: ServeOptions): Promise<ServeReport> {
  const clock = options.clock ?? systemClock;
  return new Server(options, clock, await PlanInForce.load(options.planFile, clock)).run();
}

class Server {
  readonly #options: ServeOptions;
  readonly #clock: Clock;
  readonly #plan: PlanInForce;
  readonly #id: string;
  readonly #startedMs: number;
  readonly #heartbeat: Heartbeat;
  #reign: Reign | undefined;
  /** Somebody else was seen to keep the schedule, or we have: from then on trouble is waited out. */
  #isBegun = false;
  /** Why the plan in force is not the one that is kept to. */
  #unfollowed: LifeboatError | undefined;
  #left: readonly string[] = [];
  /** Wakes the look at the plan, and who stands by with an older one. */
  #lookNow = new AbortController();
  #planChanged = new AbortController();
  #keepers: { readonly plan: Plan; readonly of: ReturnType<typeof keepersOf> } | undefined;

  readonly #hearing = new Set<(event: ServeEvent) => void>();

  constructor(options: ServeOptions, clock: Clock, plan: PlanInForce) {
    const say = (event: ServeEvent): void => {
      options.say(event);
      for (const hear of this.#hearing) hear(event);
    };
    this.#options = { ...options, say };
    this.#clock = clock;
    this.#plan = plan;
    this.#startedMs = clock.now();
    this.#id = `serve-${timeId(this.#startedMs)}`;
    this.#heartbeat = new Heartbeat({
      clock,
      plan: () => plan.plan,
      isWell: () => this.#reign !== undefined && healthOf(this.#facts()).ok,
      say: (words) => say({ event: 'note', words }),
    });
  }

  async run(): Promise<ServeReport> {
    const { signal, say, onReady } = this.#options;
    const answering = await this.#answering();
    const listening = await this.#listen(answering).catch(async (error: unknown) => {
      await answering?.close();
      throw error;
    });
    for (const name of this.#plan.errors)
      say({ event: 'note', words: `the plan has an error, see lifeboat check: ${name}` });
    const over = new AbortController();
    const both = AbortSignal.any([signal, over.signal]);
    const beside = [this.#heartbeat.run(both), this.#watchPlan(both)];
    onReady?.(() => this.#lookNow.abort());
    try {
      while (!signal.aborted) await this.#turnOrWait(signal);
      return { left: this.#left };
    } finally {
      over.abort();
      await Promise.all(beside);
      await listening?.close();
      await answering?.close();
    }
  }

  /** What fails at the first start ends it; later a machine that could take over when its disk has room again must not be gone by then. */
  async #turnOrWait(signal: AbortSignal): Promise<void> {
    try {
      await this.#turn(signal);
    } catch (error) {
      if (!this.#isBegun || signal.aborted) throw error;
      this.#options.say({ event: 'trouble', error: toLifeboatError(error) });
      await this.#clock.sleep(limits.standbyLookMs, signal).catch(() => {}); // told to end: the loop does
    }
  }

  /** Waits for the schedule to be ours and keeps it until it is not, or until all is over. */
  async #turn(signal: AbortSignal): Promise<void> {
    const { leaseMs = limits.serveLeaseMs, say } = this.#options;
    this.#planChanged = new AbortController();
    const workspace = await this.#open(this.#plan.plan);
    try {
      const role = await takeRole({
        workspace,
        id: this.#id,
        leaseMs,
        signal: AbortSignal.any([signal, this.#planChanged.signal]),
        standingBy: (words) => {
          this.#isBegun = true;
          say({ event: 'standing_by', words });
        },
      });
      if (role !== undefined) await this.#keep(workspace, role, signal);
    } finally {
      await workspace.close();
    }
  }

  async #keep(workspace: OpenWorkspace, role: Role, signal: AbortSignal): Promise<void> {
    const { say, jobsAtOnce = limits.jobsAtOnce } = this.#options;
    const until = AbortSignal.any([signal, role.lease.signal]);
    const open = (plan: Plan): Promise<OpenWorkspace> => this.#open(plan);
    const metrics = (): string | undefined => (this.#reign === undefined ? undefined : this.#metrics().body);
    const reign = await Reign.begin({ workspace, role, id: this.#id, jobsAtOnce, open, metrics, say }, until).catch(
      async (error: unknown) => {
        await role.release();
        throw error;
      },
    );
    this.#reign = reign;
    this.#isBegun = true;
    const { scheduler, streams } = reign.keeping;
    const without = role.lease.without.map(({ store, why }) => `${store}: ${why}`);
    say({
      event: 'keeping',
      stores: role.lease.stores,
      without,
      tasks: scheduler.tasks.length,
      streams: streams.length,
      next: nextOf(scheduler),
    });
    try {
      // It may have changed while we waited for our turn.
      await this.#follow(reign);
      this.#left = await reign.run(until);
    } finally {
      this.#reign = undefined;
      this.#unfollowed = undefined;
    }
    if (!signal.aborted) say({ event: 'lost', words: toLifeboatError(until.reason).message });
  }

  #open(plan: Plan): Promise<OpenWorkspace> {
    const { planFile, stateFolder, wrapStore, unlock, say } = this.#options;
    return openWorkspace({
      plan,
      planFile,
      stateFolder,
      clock: this.#clock,
      progress: { ...silentProgress, note: (words) => say({ event: 'note', words }) },
      ...(wrapStore === undefined ? {} : { wrapStore }),
      ...(unlock === undefined ? {} : { unlock }),
    });
  }

  async #watchPlan(signal: AbortSignal): Promise<void> {
    const { say } = this.#options;
    while (!signal.aborted) {
      const asked = this.#lookNow.signal;
      await this.#clock.sleep(limits.planLookMs, AbortSignal.any([signal, asked])).catch(() => {}); // asked for, or over
      if (signal.aborted) return;
      if (asked.aborted) this.#lookNow = new AbortController();
      try {
        await this.#look(asked.aborted);
      } catch (error) {
        say({ event: 'trouble', error: toLifeboatError(error) });
      }
    }
  }

  async #look(now: boolean): Promise<void> {
    const { say } = this.#options;
    const seen = await this.#plan.look(now);
    const { refused } = this.#plan;
    if (seen === 'refused' && refused !== undefined) say({ event: 'plan_refused', error: refused });
    // Also when it has not changed since: what could not be followed then is tried again.
    else if (this.#reign !== undefined && this.#reign.plan.hash !== this.#plan.plan.hash)
      await this.#follow(this.#reign);
    else if (seen === 'changed') this.#planChanged.abort();
    else if (now) say({ event: 'note', words: 'the plan was looked at, and is the same' });
  }

  async #follow(reign: Reign): Promise<void> {
    const before = this.#unfollowed;
    try {
      await reign.usePlan(this.#plan.plan);
      this.#unfollowed = undefined;
    } catch (error) {
      this.#unfollowed = toLifeboatError(error);
      if (before?.message !== this.#unfollowed.message)
        this.#options.say({ event: 'plan_refused', error: this.#unfollowed });
    }
  }

  async #answering(): Promise<Answering | undefined> {
    const { answer, listen: place, planFile, stateFolder, signal, say } = this.#options;
    if (place === undefined) return undefined;
    return answer?.({
      clock: this.#clock,
      name: hostname(),
      tool: toolVersion(),
      planFile,
      stateFolder: resolve(stateFolder),
      signal,
      plan: () => this.#plan.plan,
      refused: () => this.#plan.refused ?? this.#unfollowed,
      open: () => this.#open(this.#plan.plan),
      keeping: () => this.#reign?.keeping,
      hear: (listener) => {
        this.#hearing.add(listener);
        return () => void this.#hearing.delete(listener);
      },
      say,
    });
  }

  async #listen(answering: Answering | undefined): Promise<Listening | undefined> {
    const { listen: place, say } = this.#options;
    if (place === undefined) return undefined;
    const routes = {
      '/metrics': () => this.#metrics(),
      '/healthz': () => this.#health('ok'),
      '/livez': () => this.#health('alive'),
    };
    const rest = answering === undefined ? {} : { rest: answering.handle };
    const listening = await listen(place, routes, rest).catch((error: unknown) => {
      if (!place.orAnyPort || !isLifeboatError(error, 'port.taken')) throw error;
      return listen({ ...place, port: 0 }, routes, rest);
    });
    say({ event: 'listening', url: listening.url });
    answering?.listening(listening.url);
    return listening;
  }

  #facts(): ServeFacts {
    const { refused } = this.#plan;
    const { stateFolder } = this.#options;
    // What is told is about the plan that is kept to.
    const plan = this.#reign?.plan ?? this.#plan.plan;
    if (this.#keepers?.plan !== plan) this.#keepers = { plan, of: keepersOf(plan, this.#clock) };
    return {
      nowMs: this.#clock.now(),
      plan,
      tool: toolVersion(),
      startedMs: this.#startedMs,
      planRefused: refused ?? this.#unfollowed,
      heartbeatMs: this.#heartbeat.lastMs,
      keeping: this.#reign?.keeping,
      standbys: standbyLines({ stateFolder, plan }).map((line) => ({
        line,
        isAtWork: isAtWork({ stateFolder }, line),
      })),
      keeperOf: this.#keepers.of,
    };
  }

  #metrics(): Answer {
    // What other commands of this machine have done meanwhile.
    this.#reign?.keeping.ledger.refresh();
    return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: metricsText(this.#facts()) };
  }

  #health(asked: 'ok' | 'alive'): Answer {
    const health = healthOf(this.#facts());
    return { status: health[asked] ? 200 : 503, type: 'application/json', body: `${JSON.stringify(health)}\n` };
  }
}

function nextOf(scheduler: Scheduler): { task: string; atMs: number } | undefined {
  const due = scheduler.tasks.flatMap(({ id }) => {
    const atMs = scheduler.dueMs(id);
    return atMs === undefined ? [] : [{ task: id, atMs }];
  });
  return due.toSorted((one, other) => one.atMs - other.atMs)[0];
}
