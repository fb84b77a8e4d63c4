import { isLifeboatError } from '../../core/index.ts';
import { evaluateTemplate } from '../../plan/index.ts';

/** Plain data with each `${…}` replaced that can be known already; what cannot stays as written and is named. For the dry run. */
export function resolveKnown(
  value: unknown,
  variables: Record<string, unknown>,
): { value: unknown; unknown: readonly string[] } {
  const unknown: string[] = [];
  const walk = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(walk);
    if (typeof part === 'object' && part !== null) {
      return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, walk(inner)]));
    }
    if (typeof part !== 'string') return part;
    try {
      return evaluateTemplate(part, variables);
    } catch (error) {
      // Outputs of steps exist only once the steps have run: the text stays, and the preview says that it is open.
      if (!isLifeboatError(error, 'expression.invalid')) throw error;
      unknown.push(part);
      return part;
    }
  };
  return { value: walk(value), unknown };
}
