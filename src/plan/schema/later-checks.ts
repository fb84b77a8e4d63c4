import { z } from 'zod';
import type { KeyedKind } from '../kinds.ts';
import { duration, name, text } from './words.ts';

/** Kinds of checks that the language has and nothing asks yet: where one is asked, it is red. */
export const laterChecks: readonly KeyedKind[] = [
  { kind: 'tls', schema: z.union([text, z.strictObject({ host: text, validFor: duration.optional() })]) },
  { kind: 'store', schema: name },
  { kind: 'service', schema: name },
  { kind: 'asset', schema: name },
  {
    kind: 'workloads',
    schema: z.strictObject({ cluster: name.optional(), namespace: text.optional(), select: text.optional() }),
  },
];
