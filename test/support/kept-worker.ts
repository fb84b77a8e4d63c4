import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePort, systemClock } from '../../src/core/index.ts';
import type { DeadlyRecord } from './deadly-records.ts';
import type { FailoverScene } from './failover-scene.ts';
import { gone, isGone, told } from './told.ts';

const script = fileURLToPath(new URL('killed-worker.ts', import.meta.url));

/** A worker that is started again whenever it ends, as a system does with its services; and that dies at one of its records when it is told so. */
export class KeptWorker {
  readonly #scene: FailoverScene;
  readonly #words: readonly string[];
  #process: ChildProcess | undefined;
  /** Told to die at a record, and has not yet. */
  #deadly: ChildProcess | undefined;
  #isKept = true;
  #isReady = false;
  /** Of the one that lives, or of that which follows it where it dies before: who waits for it is never left behind with one that is gone. */
  #ready = Promise.withResolvers<void>();

  private constructor(scene: FailoverScene, words: readonly string[]) {
    [this.#scene, this.#words] = [scene, words];
  }

  static async start(scene: FailoverScene, site: string, state: string): Promise<KeptWorker> {
    const worker = new KeptWorker(scene, [site, String(await freePort()), state]);
    worker.#begin();
    await worker.#ready.promise;
    return worker;
  }

  /** From now on it counts its records, and dies at that one. */
  async dieAt(record: DeadlyRecord): Promise<void> {
    await this.#ready.promise;
    const child = this.#process as ChildProcess;
    this.#deadly = child;
    await told(child, record);
  }

  /** Whether the one that was to die has done so; it is not to any more, and another one has followed it where it has. */
  async hasDied(): Promise<boolean> {
    const child = this.#deadly as ChildProcess;
    this.#deadly = undefined;
    await told(child, 'live');
    await this.#ready.promise;
    return isGone(child);
  }

  /** Ended from outside; another one follows. */
  async kill(): Promise<void> {
    const child = this.#process as ChildProcess;
    child.kill('SIGKILL');
    await gone(child);
  }

  async end(): Promise<void> {
    this.#isKept = false;
    await this.kill();
  }

  #begin(): void {
    const folder = this.#scene.place.folder;
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...this.#words], {
      cwd: folder,
      env: { ...process.env, NODE_COMPILE_CACHE: compiled },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#process = child;
    child.on('message', (word) => {
      if (word !== 'ready') return;
      this.#isReady = true;
      this.#ready.resolve();
    });
    child.once('exit', () => {
      if (this.#isReady) this.#ready = Promise.withResolvers();
      this.#isReady = false;
      // It may have ended because the engine is away: a system waits a moment, too.
      void systemClock.sleep(100).then(() => this.#isKept && this.#begin());
    });
  }
}

/** Kept between starts: each would compile a thousand files anew. */
export const compiled = fileURLToPath(new URL('../../.cache/compiled', import.meta.url));
