import { z } from 'zod';
import type { StepWords } from '../kinds.ts';
import { listOf, name, text } from './words.ts';

const servicesNamed = { service: name.optional(), services: listOf(name).min(1).optional() };

/** A service or an asset that is started, stopped or put back; with a count where it has replicas. */
const workload = z.union([
  name,
  z.strictObject({
    ...servicesNamed,
    asset: name.optional(),
    replicas: z.int().min(0).optional(),
    how: text.optional(),
  }),
]);

/** A file of a store that is taken or put. */
const transfer = z.strictObject({
  asset: name.optional().describe('The asset that the artifact is of'),
  store: name.optional(),
  file: text.optional().describe('The name of the artifact'),
  to: text.optional(),
});

/**
 * Kinds that the language already has and nothing executes yet. A plan that uses them loads; `check` says so; a run refuses.
 * When a kind is built it brings its own schema, which then counts, and its line here goes.
 */
export const laterSteps: readonly StepWords[] = [
  { kind: 'stop', schema: workload },
  { kind: 'start', schema: workload },
  { kind: 'restart', schema: workload },
  {
    kind: 'rollback',
    schema: z.union([name, z.strictObject({ service: name, to: text.optional() })]),
  },
  { kind: 'look', schema: z.union([text, z.strictObject({ at: text, for: text.optional() })]) },
  {
    kind: 'declare',
    schema: z.strictObject({ severity: z.union([name, listOf(name).min(1)]).optional(), as: text.optional() }),
  },
  { kind: 'fetch', schema: transfer },
  { kind: 'preserve', schema: z.strictObject({ asset: name, as: text.optional() }) },
  {
    kind: 'export',
    schema: z.strictObject({
      asset: name,
      tables: listOf(text).min(1).optional(),
      dataOnly: z.boolean().optional(),
      from: text.optional(),
      to: text.optional(),
    }),
  },
  {
    kind: 'import',
    schema: z.strictObject({
      asset: name,
      tables: listOf(text).min(1).optional(),
      from: text.optional(),
      conflict: z.enum(['fail', 'skip', 'replace']).optional().describe('What happens to rows that are there already'),
    }),
  },
  { kind: 'remove', schema: z.union([text, listOf(text).min(1)]) },
];

/** Its options may hold steps, which are read apart. */
export function chooseFrame(step: z.ZodType) {
  const option = z.strictObject({
    when: text.optional(),
    if: text.optional(),
    call: name.optional(),
    steps: listOf(step).min(1).optional(),
  });
  return z.strictObject({
    question: text,
    options: z.union([listOf(text).min(2), z.record(name, option)]),
    by: listOf(name).optional(),
  });
}
