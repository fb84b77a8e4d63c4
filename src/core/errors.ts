import { errorCodes, type ErrorCode, type ExitCode, type Retry } from './error-codes.ts';

export interface ErrorDetails {
  /** What a tired person should do next; one sentence. */
  hint?: string;
  /** The place: a file with its line, a store's object, an asset's name. Never a secret. */
  where?: string;
  /** The other side says that it is worth no attempt before. */
  retryAfterMs?: number;
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
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.where = details.where;
    this.retryAfterMs = details.retryAfterMs;
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

const full = { code: 'disk.full', hint: 'Make room on that disk, and run again.' } as const;
const denied = {
  code: 'disk.denied',
  hint: 'Let this user write there. A file system that became read-only is often the sign of a failing disk.',
} as const;
const exhausted = {
  code: 'machine.exhausted',
  hint: 'Look at memory (`free -m`, the limit of the container or service) and at `ulimit -a`, and run again.',
} as const;

/** What the machine may say at any line: no mistake of ours, wherever it was met. */
const machineErrors: Readonly<Record<string, { readonly code: ErrorCode; readonly hint: string }>> = {
  ENOSPC: full,
  EDQUOT: full,
  EFBIG: full,
  EROFS: denied,
  EACCES: denied,
  EPERM: denied,
  EIO: { code: 'disk.io', hint: 'Look at the kernel log, and at the health of that disk.' },
  EMFILE: exhausted,
  ENFILE: exhausted,
  ENOMEM: exhausted,
  EAGAIN: exhausted,
  ERR_MEMORY_ALLOCATION_FAILED: exhausted,
  ERR_WORKER_OUT_OF_MEMORY: exhausted,
};

/** What V8 says, without a code, of memory that the machine did not give it. */
const noMemory = /^Array buffer allocation failed|could not allocate memory/i;

/**
 * Anything thrown, as our error: ours unchanged, what the machine refused in the words for it, anything else as `internal`;
 * with the original as its cause.
 */
export function toLifeboatError(error: unknown): LifeboatError {
  if (error instanceof LifeboatError) return error;
  const hasNoMemory = error instanceof Error && error.name === 'RangeError' && noMemory.test(error.message);
  const machine = hasNoMemory ? exhausted : machineErrors[systemCodeOf(error) ?? ''];
  if (machine !== undefined)
    return new LifeboatError(machine.code, messageOf(error), { hint: machine.hint, cause: error });
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

/** SQLite's primary result code (5 busy, 11 corrupt, 13 full, …: the lowest byte), if the error carries one. */
export function sqliteCodeOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined;
  return Number(error.errcode) & 0xff;
}

/** States what must hold if the program is right; a failure is a mistake of ours, never of the user. */
export function assert(condition: unknown, claim: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${claim}`);
}
