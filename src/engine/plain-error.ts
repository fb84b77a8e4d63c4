import { LifeboatError, toLifeboatError } from '../core/index.ts';
import type { PlainError } from './engine.ts';

export const plainError = (error: unknown): PlainError => {
  const { code, message, where, hint } = toLifeboatError(error).toJSON();
  return { code, message, ...(where === undefined ? {} : { where }), ...(hint === undefined ? {} : { hint }) };
};

export const errorFrom = ({ code, message, hint, where }: PlainError): LifeboatError =>
  new LifeboatError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(where === undefined ? {} : { where }),
  });
