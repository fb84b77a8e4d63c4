import type { z } from 'zod';
import type { Clock } from '../core/index.ts';

export type { CheckSpec } from '../plan/model.ts';

export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  /** What was seen, for people: `value is 1204`, `no answer: connection refused`. Never a secret. */
  readonly observed: string;
  readonly expected: string;
  readonly durationMs: number;
}

/** Where a check looks: relative paths and addresses are completed from here. */
export interface CheckContext {
  readonly clock: Clock;
  readonly baseFolder: string;
  /** The database of an `sql` check that names none: a `postgresql://` URL or the path of a SQLite file. */
  readonly databaseUrl?: string;
  /** What `http: /health` is relative to. */
  readonly serviceUrl?: string;
  /** The folder that a relative `file` check means. */
  readonly root?: string;
  /** The moment that the data is of which is looked at, milliseconds since 1970; now unless stated. */
  readonly dataOfMs?: number;
  readonly signal?: AbortSignal;
}

export interface CheckKind<Settings = unknown> {
  readonly kind: string;
  readonly schema: z.ZodType<Settings>;
  /** How long it may take unless the plan says so, instead of `limits.checkTimeoutMs`: for kinds that read everything. */
  readonly timeoutMs?: number;
  /** What of these settings, as they are written, nothing can ask: said when the plan is loaded. Asked all the same, it is red. */
  notYet?(written: unknown): string | undefined;
  /** The files that it reads, as the plan writes them: a drill asks only about those of its bubble. */
  files?(settings: Settings): readonly string[];
  /** One line for people. */
  describe(settings: Settings): string;
  /** Observes; throws any error when there is nothing to observe, which the caller turns into red. */
  observe(settings: Settings, context: CheckContext): Promise<Observation>;
}

export interface Observation {
  /** The names that `expect` may use. */
  readonly variables: Record<string, unknown>;
  /** What is true without an `expect`. */
  readonly ok: boolean;
  readonly expected: string;
  readonly observed: string;
}
