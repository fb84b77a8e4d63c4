import { z } from 'zod';
import type { StepWords, TypedKind } from '../kinds.ts';
import { duration, listOf, name, secretOrText, secretSource, text } from './words.ts';

/**
 * Kinds that the language already has and nothing executes yet. A plan that uses them loads; `check` says so; a run refuses.
 * When a kind is built it brings its own schema, which then counts, and its line here goes.
 */
export const laterSteps: readonly StepWords[] = [
  { kind: 'fence', schema: z.union([name, z.strictObject({ service: name, how: text.optional() })]) },
  {
    kind: 'switch',
    schema: z.strictObject({ service: name, pointer: name, value: secretOrText }),
  },
  {
    kind: 'ramp',
    schema: z.strictObject({
      service: name,
      over: listOf(z.string().regex(/^\d{1,3}%$/, 'it must be a share such as 10%')).min(1),
      while: text.optional(),
      pause: duration.optional(),
    }),
  },
  {
    kind: 'approve',
    schema: z.strictObject({ by: listOf(name).min(1), count: z.int().min(1).optional(), question: text.optional() }),
  },
  {
    kind: 'manual',
    schema: z.union([text, z.strictObject({ do: text, by: listOf(name).optional(), link: text.optional() })]),
  },
  {
    kind: 'choose',
    schema: z.strictObject({ question: text, options: listOf(text).min(2), by: listOf(name).optional() }),
  },
  {
    kind: 'call',
    schema: z.union([name, z.strictObject({ scenario: name, with: z.record(z.string(), z.unknown()).optional() })]),
  },
  { kind: 'promote', schema: z.union([name, z.strictObject({ asset: name, standby: text.optional() })]) },
  { kind: 'replicate', schema: z.strictObject({ from: name, to: name, asset: name.optional() }) },
  {
    kind: 'provision',
    schema: z.union([
      text,
      z.strictObject({ what: text, in: name.optional(), with: z.record(z.string(), z.unknown()).optional() }),
    ]),
  },
  { kind: 'policy', schema: z.strictObject({ asset: name, use: name }) },
];

/** Store types of the same state. */
export const laterStores: readonly TypedKind[] = [
  {
    type: 's3',
    schema: z.strictObject({
      endpoint: secretOrText.optional(),
      region: text.optional(),
      bucket: secretOrText,
      prefix: text.optional(),
      accessKeyId: secretOrText.optional(),
      secretAccessKey: secretSource.optional(),
      pathStyle: z.boolean().optional(),
    }),
  },
];
