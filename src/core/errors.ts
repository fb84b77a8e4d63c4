import { errorCodes, type ErrorCode, type ExitCode, type Retry } from './error-codes.ts';

export interface ErrorDetails {
  /** What a tired person should do next; one sentence. */
  hint?: string;
  /** The place: a file with its line, a store's object, an asset's name. Never a secret. */
  where?: string;
  cause?: unknown;
}

/**
 * The one error of the product: everything that can go wrong outside the program's own logic is thrown as this.
 * Mistakes of ours are asserted (`assert`) and end as `internal`.
 */
export class LifeboatError extends Error {
  override readonly name = 'LifeboatError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly where: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.where = details.where;
  }

  get retry(): Retry {
    return errorCodes[this.code].retry;
  }

  get exitCode(): ExitCode {
    return errorCodes[this.code].exit;
  }

  /** Plain data for `--json`, the journal and reports. */
  toJSON(): { code: ErrorCode; message: string; where?: string; hint?: string; retry: Retry } {
    return {
      code: this.code,
      message: this.message,
      ...(this.where === undefined ? {} : { where: this.where }),
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      retry: this.retry,
    };
  }
}

export const isLifeboatError = (error: unknown, code?: ErrorCode): error is LifeboatError =>
  error instanceof LifeboatError && (code === undefined || error.code === code);

/** Anything thrown, as our error: ours unchanged, anything else as `internal` with the original as its cause. */
export function toLifeboatError(error: unknown): LifeboatError {
  if (error instanceof LifeboatError) return error;
  return new LifeboatError('internal', messageOf(error), {
    hint: 'This is a mistake in Lifeboat. Run again with LIFEBOAT_DEBUG=1 and report the trace.',
    cause: error,
  });
}

export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return error instanceof Error ? error.message || error.name : String(error);
}

/** The system's error name (`ENOENT`, `ENOSPC`, …) or a driver's code, if the error carries one. */
export function systemCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** States what must hold if the program is right; a failure is a mistake of ours, never of the user. */
export function assert(condition: unknown, claim: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${claim}`);
}
