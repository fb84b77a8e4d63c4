import { LifeboatError } from '../../core/index.ts';

export type Row = Record<string, unknown>;

/** A check looks at a figure or a few rows, never at a table. */
export const rowsMax = 1000;

export const tooMany = (): LifeboatError =>
  new LifeboatError('check.failed', `the query gives more than ${rowsMax} rows`, {
    hint: 'Count or limit them in SQL.',
  });
