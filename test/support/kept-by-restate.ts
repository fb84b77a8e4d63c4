import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePort, systemClock } from '../../src/core/index.ts';
import { RestateServer } from '../../src/engine/testing/restate-server.ts';
import {
  answering,
  isThrough,
  unfinished,
  type Death,
  type Keeper,
  type Through,
  type Way,
} from './failover-keeper.ts';
import type { FailoverScene } from './failover-scene.ts';
import { endOf, type Answer } from './lifeboat.ts';

const script = fileURLToPath(new URL('killed-worker.ts', import.meta.url));

/** What may die: the worker that leads, the one in east that acts for it, the engine, and all of them together. */
export const mortals = ['office', 'east', 'engine', 'all'] as const;
type Mortal = (typeof mortals)[number];
type WorkerName = 'office' | 'east';

/** What is done in east by the worker there. */
const doneInEast = ['promote_east', 'east_is_right', 'fence_east', 'stop_east', 'east_follows'];

/** Restate keeps the run, a worker in the office leads it, and one in east does the steps of east. Each is started again at once when it dies. */
export async function keptByRestate(scene: FailoverScene): Promise<Keeper> {
  const server = await RestateServer.start(scene.place.path('restate'));
  const engine = `tool: { domain: office, engine: { type: restate, at: '${server.at}', admin: '${server.admin}', site: office } }`;
  await scene.changePlan((plan) =>
    doneInEast.reduce(
      (text, id) => text.replace(`      - id: ${id}\n`, `      - id: ${id}\n        site: east\n`),
      plan.replace('\ndomains:', `\n${engine}\n\ndomains:`),
    ),
  );
  const workers = {
    office: await KeptWorker.start(scene, 'office', '.lifeboat'),
    east: await KeptWorker.start(scene, 'east', '.lifeboat-east'),
  };
  const dies: Record<Mortal, () => Promise<void>> = {
    office: () => workers.office.kill(),
    east: () => workers.east.kill(),
    engine: () => server.kill().then(() => server.start()),
    all: async () => {
      await Promise.all([workers.office.kill(), workers.east.kill(), server.kill()]);
      await server.start();
    },
  };
  return {
    through: async (way, death) => {
      const killed = death.of === 'east' || death.of === 'office' ? workers[death.of] : undefined;
      if ('at' in death) await killed?.dieAt(death.at, death.when);
      const begun = begin(scene, way);
      const died = 'at' in death ? undefined : diesAt(begun, death, dies);
      const end = await goOn(scene, way, await begun);
      const isDead = died === undefined ? (await killed?.wentOn()) === false : await died;
      return { ...end, killed: isDead };
    },
    end: async () => {
      await Promise.all([workers.office.end(), workers.east.end()]);
      await server.kill();
    },
  };
}

const begin = (scene: FailoverScene, way: Way): Promise<Answer> =>
  scene.run('recover', way, '--engine', 'restate', '--yes');

/** Whether the run was under way then. */
async function diesAt(
  begun: Promise<unknown>,
  death: Extract<Death, { afterMs: number }>,
  dies: Record<Mortal, () => Promise<void>>,
): Promise<boolean> {
  const over = new AbortController();
  void begun.then(() => over.abort());
  await systemClock.sleep(death.afterMs, over.signal).catch(() => {}); // it was through before
  if (over.signal.aborted) return false;
  await dies[death.of as Mortal]();
  return true;
}

/** A run goes on without anybody: who waited for it lost sight of it only when the engine died before it had taken it. */
async function goOn(scene: FailoverScene, way: Way, first: Answer): Promise<Omit<Through, 'killed'>> {
  let answer = first;
  const endMs = systemClock.elapsed() + 300_000;
  while (answer.exitCode === 4 && systemClock.elapsed() < endMs) {
    // In this order: a run that begins between the two looks is no sign that one has ended.
    const is = await isThrough(scene, way);
    const run = await unfinished(scene, way);
    if (run === undefined && is) return { exitCode: 0, why: '', asked: [] };
    answer = run === undefined ? await begin(scene, way) : await scene.run('run', 'resume', run);
    await systemClock.sleep(200);
  }
  return answering(scene, answer);
}

/** A worker that is started again whenever it ends, as a system does with its services. */
class KeptWorker {
  readonly #scene: FailoverScene;
  readonly #site: WorkerName;
  readonly #state: string;
  readonly #port: number;
  #process: ChildProcess | undefined;
  #isKept = true;
  #isDeadly = false;
  #ready = Promise.withResolvers<void>();

  private constructor(scene: FailoverScene, site: WorkerName, state: string, port: number) {
    [this.#scene, this.#site, this.#state, this.#port] = [scene, site, state, port];
  }

  static async start(scene: FailoverScene, site: WorkerName, state: string): Promise<KeptWorker> {
    const worker = new KeptWorker(scene, site, state, await freePort());
    worker.#begin();
    await worker.#ready.promise;
    return worker;
  }

  /** The next one dies by itself at a record. */
  async dieAt(call: string, when: 'before' | 'after'): Promise<void> {
    await this.#end();
    const words = ['--disable-warning=ExperimentalWarning', script, this.#site, String(this.#port), this.#state];
    this.#isDeadly = true;
    this.#isKept = true;
    this.#be(spawn(process.execPath, [...words, call, when], { cwd: this.#scene.place.folder, stdio: pipes }));
    await this.#ready.promise;
  }

  /** Whether the one that was to die has not; it is never kept for a second time. */
  async wentOn(): Promise<boolean> {
    const lives = this.#isDeadly;
    if (lives) {
      await this.#end();
      this.#isKept = true;
      this.#begin();
    }
    await this.#ready.promise;
    return lives;
  }

  /** Ended from outside; another one follows. */
  async kill(): Promise<void> {
    const ended = endOf(this.#process as ChildProcess);
    this.#process?.kill('SIGKILL');
    await ended;
  }

  end = (): Promise<void> => this.#end();

  async #end(): Promise<void> {
    this.#isKept = false;
    if (this.#process?.exitCode === null && this.#process.signalCode === null) await this.kill();
  }

  #begin(): void {
    this.#isDeadly = false;
    const words = ['worker', '--site', this.#site, '--listen', `127.0.0.1:${this.#port}`, '--state', this.#state];
    this.#be(this.#scene.place.start(words));
  }

  #be(child: ChildProcess): void {
    this.#process = child;
    this.#ready = Promise.withResolvers();
    child.stdout?.once('data', () => this.#ready.resolve());
    child.stderr?.resume();
    child.once('close', () => {
      if (!this.#isKept || this.#process !== child) return;
      // It may have ended because the engine is away: a system waits a moment, too.
      void systemClock.sleep(100).then(() => this.#isKept && this.#process === child && this.#begin());
    });
  }
}

const pipes: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
