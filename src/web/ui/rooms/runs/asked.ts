import type { Asked } from '../../../../api/contract/index.ts';

/** For whom it waits, and whom of the plan that means; where nobody is named, or you may, nobody else has to be found. */
export function whoMay({ by, who, you }: Pick<Asked, 'by' | 'who' | 'you'>): string {
  const named = by.length === 0 ? 'anybody of the plan' : by.join(' or ');
  if (who.length > 0) return `${named}: ${who.join(', ')} may`;
  return by.length === 0 || you.may ? named : `${named}, and nobody of the plan could`;
}
