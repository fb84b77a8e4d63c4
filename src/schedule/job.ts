import type { Task } from './task.ts';

/** Something that is done now. */
export interface Job {
  readonly task: Task;
  readonly beganMs: number;
  /** By the clock that never jumps. */
  readonly beganElapsedMs: number;
  /** When it last said something of its progress, by the same clock. */
  movedElapsedMs: number;
  /** It was said to hang. */
  silent: boolean;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}
