import { z } from 'zod';
import type { TypedKind } from '../kinds.ts';
import { duration, listOf, name, secretOrText, text } from './words.ts';

/** Asset types that the language has and nothing protects yet. */
export const laterAssets: readonly TypedKind[] = [
  {
    type: 'kubernetes',
    schema: z.strictObject({
      cluster: name.optional(),
      namespaces: listOf(text).optional(),
      kinds: listOf(text).optional().describe('Of resources: configmaps, secrets, ingresses'),
    }),
  },
  {
    type: 'volume',
    schema: z.strictObject({
      provider: text.optional(),
      claims: listOf(text).optional(),
      pick: text.optional().describe('Which of many, in which order'),
    }),
  },
  {
    type: 'dns',
    schema: z.strictObject({
      zone: text,
      provider: text.optional(),
      records: listOf(text).optional(),
      ttl: duration.optional(),
    }),
  },
  {
    type: 'images',
    schema: z.strictObject({ registry: text, mirror: text.optional(), images: listOf(text).optional() }),
  },
  {
    type: 'secrets',
    schema: z.strictObject({
      provider: text.optional(),
      names: listOf(text).optional(),
      format: text.optional().describe('How they reach what uses them'),
    }),
  },
  { type: 'git', schema: z.strictObject({ url: text.optional(), path: text.optional() }) },
  { type: 'certificates', schema: z.strictObject({ provider: text.optional(), names: listOf(text).optional() }) },
  {
    type: 'key',
    schema: z.strictObject({
      key: name.optional().describe('A key of this plan'),
      provider: text.optional(),
      canary: text.optional(),
    }),
  },
  { type: 'network', schema: z.strictObject({ provider: text.optional(), addresses: listOf(text).optional() }) },
  {
    type: 'database',
    schema: z.strictObject({ engine: text, address: secretOrText.optional(), provider: text.optional() }),
  },
];
