import { z } from 'zod';
import type { TypedKind } from '../kinds.ts';
import { duration, listOf, secretOrText, text } from './words.ts';

/** What the place itself does to objects after an age; tiering of points is the policy's. */
const lifecycle = listOf(
  z.strictObject({
    after: duration,
    class: text.optional().describe('The storage class that objects move to: glacier'),
    expire: z.boolean().optional(),
    versions: z.boolean().optional().describe('True: the rule is about versions that are not current'),
  }),
)
  .optional()
  .describe('Rules of the place itself: objects move or expire after an age');

const bucket = {
  region: text.optional(),
  bucket: secretOrText,
  prefix: text.optional(),
  private: z.boolean().optional(),
  versioning: z.boolean().optional(),
  encryption: text.optional().describe('How the place itself encrypts: aes-256'),
  transport: text.optional().describe('How bytes travel: tls'),
  lifecycle,
  account: text.optional(),
};

/** Store types that the language has and nothing opens yet. */
export const laterStores: readonly TypedKind[] = [
  { type: 'gcs', schema: z.strictObject(bucket) },
  { type: 'azure', schema: z.strictObject(bucket) },
  {
    type: 'folder',
    schema: z.strictObject({ path: text, host: text.optional() }),
  },
  {
    type: 'snapshots',
    schema: z.strictObject({ provider: text.optional(), region: text.optional(), account: text.optional() }),
  },
  { type: 'registry', schema: z.strictObject({ url: text, mirror: text.optional() }) },
  { type: 'git', schema: z.strictObject({ url: text.optional(), branch: text.optional() }) },
  {
    type: 'vault',
    schema: z.strictObject({ provider: text.optional(), region: text.optional(), account: text.optional() }),
  },
];
