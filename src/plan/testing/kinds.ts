import { z } from 'zod';
import { checkKinds } from '../../checks/index.ts';
import type { PlanKinds } from '../kinds.ts';
import { duration } from '../schema/words.ts';

const text = z.string().min(1);
const source = z.union([
  text,
  z.strictObject({ env: text }),
  z.strictObject({ file: text }),
  z.strictObject({ exec: z.tuple([text], text) }),
]);
const check = z.record(z.string(), z.unknown());
const anySettings = z.union([text, z.record(z.string(), z.unknown())]);

/** Steps whose own words the language does not look into: a rule reads what it needs from what is written. */
const actions = ['fence', 'promote', 'switch', 'ramp', 'replicate', 'provision', 'policy'];

const s3 = z.strictObject({
  bucket: source,
  prefix: text.optional(),
  region: text.optional(),
  endpoint: source.optional(),
  accessKeyId: source.optional(),
  secretAccessKey: source.optional(),
  private: z.boolean().optional(),
  versioning: z.boolean().optional(),
  encryption: text.optional(),
  transport: text.optional(),
  account: text.optional(),
  lifecycle: z
    .array(
      z.strictObject({
        after: duration,
        class: text.optional(),
        expire: z.boolean().optional(),
        versions: z.boolean().optional(),
      }),
    )
    .optional(),
});

/** Kinds for tests of the language: the checks are the real ones, the others only lend it their words. */
export const testKinds: PlanKinds = {
  assets: [
    { type: 'files', schema: z.strictObject({ path: text, exclude: z.array(text).optional() }) },
    { type: 'sqlite', schema: z.strictObject({ path: text }) },
    { type: 'external', schema: z.looseObject({ from: z.unknown() }) },
    { type: 'postgres', schema: z.strictObject({ url: source }) },
  ],
  stores: [
    { type: 'fs', schema: z.strictObject({ path: text }) },
    { type: 's3', schema: s3, locks: true },
  ],
  checks: checkKinds,
  steps: [
    { kind: 'backup', schema: text },
    { kind: 'restore', schema: text, siblings: { at: text, into: text } },
    { kind: 'check', schema: check },
    { kind: 'exec', schema: z.union([z.array(text), z.strictObject({ run: z.array(text), cwd: text.optional() })]) },
    {
      kind: 'wait',
      schema: z.union([text, z.strictObject({ until: check, every: text.optional(), for: text.optional() })]),
    },
    {
      kind: 'approve',
      schema: z.strictObject({ by: z.array(text), count: z.int().optional(), within: text.optional() }),
    },
    {
      kind: 'call',
      schema: z.union([
        text,
        z.strictObject({
          scenario: text.optional(),
          drill: text.optional(),
          with: z.record(z.string(), z.unknown()).optional(),
        }),
      ]),
    },
    { kind: 'manual', schema: z.union([text, z.strictObject({ do: text, by: z.array(text).optional() })]) },
    { kind: 'notify', schema: z.strictObject({ channel: text, template: text.optional(), text: text.optional() }) },
    ...actions.map((kind) => ({ kind, schema: anySettings })),
  ],
};
