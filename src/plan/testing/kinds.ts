import { z } from 'zod';
import { checkKinds } from '../../checks/index.ts';
import type { PlanKinds } from '../kinds.ts';

const text = z.string().min(1);
const source = z.union([
  text,
  z.strictObject({ env: text }),
  z.strictObject({ file: text }),
  z.strictObject({ exec: z.tuple([text], text) }),
]);
const check = z.record(z.string(), z.unknown());

/** Kinds for tests of the language: the checks are the real ones, the others only lend it their words. */
export const testKinds: PlanKinds = {
  assets: [
    { type: 'files', schema: z.strictObject({ path: text, exclude: z.array(text).optional() }) },
    { type: 'sqlite', schema: z.strictObject({ path: text }) },
    { type: 'postgres', schema: z.strictObject({ url: source }) },
  ],
  stores: [{ type: 'fs', schema: z.strictObject({ path: text }) }],
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
    { kind: 'notify', schema: z.strictObject({ channel: text, template: text.optional(), text: text.optional() }) },
  ],
};
