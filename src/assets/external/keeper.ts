import type { CheckResult } from '../../checks/check.ts';
import type { Clock } from '../../core/index.ts';
import type { OutsidePoint, SourceIdentity, WorkOptions } from '../asset.ts';
import type { KeptContent } from '../outside.ts';

/**
 * Where others keep copies: a folder of dumps, a repository of restic or pgBackRest. It is read through their own tools and never
 * written. Errors, always `LifeboatError`: the `asset.*` codes, `process.missing`, `process.failed`, `operation.cancelled`.
 */
export interface Keeper {
  /** Who keeps the copies; cheap. */
  identify(options?: WorkOptions): Promise<SourceIdentity>;

  /** What is there, oldest first. */
  list(options?: WorkOptions): Promise<OutsidePoint[]>;

  /** The tool's own verification, and whatever else can be told without restoring. Red is a result, not an exception. */
  check(options?: WorkOptions): Promise<CheckResult[]>;

  /** The content of one copy. Throws `point.missing`. */
  open(id: string, options?: WorkOptions): Promise<KeptContent>;
}

export interface KeeperContext {
  readonly name: string;
  readonly baseFolder: string;
  readonly clock: Clock;
}
