import { Workspaces, type ServeHost } from '../../app/index.ts';
import { silentProgress, type Progress } from '../../core/index.ts';
import type { Workspace } from '../../operations/index.ts';

/** Lends opened workspaces of the plan in force; those of an earlier plan are closed when their work ends. */
export class Lender {
  readonly #host: ServeHost;
  #hash: string;
  #pool: Workspaces;
  readonly #retired: Promise<void>[] = [];

  constructor(host: ServeHost) {
    this.#host = host;
    this.#hash = host.plan().hash;
    this.#pool = this.#open();
  }

  /** Throws what opening throws, and what the work throws. */
  lend<T>(work: (workspace: Workspace) => Promise<T>, progress: Progress = silentProgress): Promise<T> {
    const { hash } = this.#host.plan();
    if (hash !== this.#hash) {
      this.#retired.push(this.#pool.retire());
      this.#hash = hash;
      this.#pool = this.#open();
    }
    return this.#pool.use(progress, work);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#retired, this.#pool.retire()]);
  }

  #open(): Workspaces {
    return new Workspaces(() => this.#host.open(), this.#host.clock);
  }
}
