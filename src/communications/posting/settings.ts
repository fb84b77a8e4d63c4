import { z } from 'zod';

/** Where a secret of a channel comes from, as `readText` and `readSecret` take it. */
export const secretSource = z.union([
  z.strictObject({ env: z.string() }),
  z.strictObject({ file: z.string() }),
  z.strictObject({ exec: z.tuple([z.string()], z.string()) }),
]);
export const secretOrText = z.union([z.string().min(1), secretSource]);
export const oneOrMore = z.union([
  z
    .string()
    .min(1)
    .transform((one) => [one]),
  z.array(z.string().min(1)).min(1),
]);

/** What a receiver wants to read, in its own words: texts with `{{ names }}`, as deep as it likes. */
export type Fields = { readonly [name: string]: FieldValue };
type FieldValue = string | number | boolean | readonly FieldValue[] | Fields;
const value: z.ZodType<FieldValue> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.array(value), z.record(z.string(), value)]),
);
export const fields = z.record(z.string(), value) as z.ZodType<Fields>;

export const linkLocal = z.boolean().optional();
