import type { StoreFact } from '../../stores/index.ts';
import type { Output } from '../output.ts';

/** One line for what a store was found to do, and one for what to do about it. */
export function showFact(output: Output, { verdict, message, harmful, hint }: StoreFact): void {
  const mark = verdict === 'yes' ? output.mark(true) : harmful ? output.mark(false) : verdict === 'unknown' ? '?' : '·';
  output.line(`${mark} ${message}`);
  if (hint !== undefined && verdict !== 'yes') output.line(`    ${hint}`);
}
