import { LifeboatError, limits, type Clock, type Progress } from '../../core/index.ts';
import type { Workspace } from '../../operations/index.ts';
import type { OpenWorkspace } from '../open.ts';

/**
 * Opened workspaces of one plan, each lent to one job at a time: no two share a repository that is open, and none is opened for every job (a passphrase
 * costs a second). One whose job failed, or that is an hour old, is closed: the next one sees rotated keys and new settings.
 */
export class Workspaces {
  readonly #open: () => Promise<OpenWorkspace>;
  readonly #clock: Clock;
  readonly #idle: Opened[] = [];
  #isRetired = false;

  constructor(open: () => Promise<OpenWorkspace>, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  /** Throws what opening throws, what the work throws, and `operation.cancelled` when they are retired. */
  async use<T>(progress: Progress, work: (workspace: Workspace) => Promise<T>): Promise<T> {
    if (this.#isRetired)
      throw new LifeboatError('operation.cancelled', 'the plan that this was for is kept to no more');
    const opened = this.#idle.pop() ?? { workspace: await this.#open(), sinceMs: this.#clock.elapsed() };
    let isSound = false;
    try {
      const result = await work({ ...opened.workspace, progress });
      isSound = true;
      return result;
    } finally {
      await this.#giveBack(opened, isSound);
    }
  }

  /** Closes those that are idle, and the others when their jobs have ended. */
  async retire(): Promise<void> {
    this.#isRetired = true;
    await Promise.all(this.#idle.splice(0).map(({ workspace }) => workspace.close()));
  }

  async #giveBack(opened: Opened, isSound: boolean): Promise<void> {
    const isOld = this.#clock.elapsed() - opened.sinceMs > limits.workspaceAgeMs;
    if (isSound && !isOld && !this.#isRetired) this.#idle.push(opened);
    else await opened.workspace.close();
  }
}

interface Opened {
  readonly workspace: OpenWorkspace;
  readonly sinceMs: number;
}
