import { LifeboatError, messageOf, systemCodeOf, type ErrorCode } from '../../core/index.ts';

/** An error as plain data: the copy that threads make of an `Error` has lost its code. */
export interface CarriedError {
  readonly message: string;
  readonly code?: ErrorCode;
  readonly hint?: string | undefined;
  readonly where?: string | undefined;
  /** The system's name of it (`ENOSPC`). */
  readonly systemCode?: string | undefined;
}

export function carried(error: unknown): CarriedError {
  if (error instanceof LifeboatError) {
    const { code, message, hint, where } = error;
    return { code, message, hint, where };
  }
  return { message: messageOf(error), systemCode: systemCodeOf(error) };
}

export function errorOf({ code, message, hint, where, systemCode }: CarriedError): Error {
  if (code !== undefined) {
    return new LifeboatError(code, message, {
      ...(hint === undefined ? {} : { hint }),
      ...(where === undefined ? {} : { where }),
    });
  }
  return Object.assign(new Error(message), systemCode === undefined ? {} : { code: systemCode });
}
