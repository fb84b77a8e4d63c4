import { HTTPException } from 'hono/http-exception';
import { LifeboatError, redact, redactData, toLifeboatError, type ErrorCode } from '../core/index.ts';
import type { Problem } from './contract/index.ts';

type FailureStatus = 400 | 401 | 403 | 404 | 409 | 413 | 421 | 429 | 500 | 503;

const statuses: Partial<Record<ErrorCode, FailureStatus>> = {
  'api.unknown': 404,
  'api.too_large': 413,
  'limit.exceeded': 413,
  'api.signed_out': 401,
  'api.forbidden': 403,
  'api.foreign': 403,
  'api.busy': 429,
  'people.not_allowed': 403,
  'account.missing': 404,
  'account.last': 409,
  'input.exists': 409,
  'preview.expired': 409,
  'run.missing': 404,
  'point.missing': 404,
  'plan.unknown_name': 404,
  'operation.busy': 409,
  'run.held': 409,
  'run.not_resumable': 409,
  'run.not_asked': 409,
};

/** By what went wrong: wrong input 400, waits for people or is not so 409, something outside 503, a mistake of ours 500. */
export function statusOf({ code, exitCode }: LifeboatError): FailureStatus {
  const byExit = { 1: 409, 2: 400, 3: 409, 4: 503, 70: 500 } as const;
  return statuses[code] ?? byExit[exitCode];
}

/** Anything thrown, as it is told: the words of a mistake of ours may hold anything, and stay here. */
export function failureOf(thrown: unknown): { status: FailureStatus; problem: Problem; error: LifeboatError } {
  const error = thrown instanceof HTTPException ? fromHttp(thrown) : toLifeboatError(thrown);
  const status = statusOf(error);
  if (error.code === 'internal') {
    const message = 'something went wrong in Lifeboat; what it was is said where `lifeboat serve` runs';
    return { status, error, problem: { code: 'internal', message, retry: 'no' } };
  }
  return { status, error, problem: problemOf(error) };
}

/** An error of the product without anything secret, and without what only a terminal needs. */
export function problemOf(error: LifeboatError): Problem {
  const { code, message, where, hint, retry } = redactData(error.toJSON());
  return {
    code,
    message: redact(message),
    ...(where === undefined ? {} : { where }),
    ...(hint === undefined ? {} : { hint }),
    retry,
  };
}

/** What the framework refuses: mostly a body that is no JSON. */
function fromHttp({ status, message }: HTTPException): LifeboatError {
  if (status === 413) return new LifeboatError('api.too_large', 'this is more than the API takes');
  return new LifeboatError('api.invalid', message || 'this cannot be read', {
    hint: 'Send JSON, as the contract says.',
  });
}
