import { z } from 'zod';
import { duration } from '../../settings/duration.ts';
import { isSecretSource, readText, type SecretSource } from '../../../core/index.ts';

const words = z.string().min(1);
const source = z.union([
  z.string(),
  z.strictObject({ env: z.string() }),
  z.strictObject({ file: z.string() }),
  z.strictObject({ exec: z.tuple([z.string()], z.string()) }),
]);
const list = z.union([words, z.array(words).min(1)]);

export const long = z.strictObject({
  what: words,
  by: z.enum(['terraform', 'helm', 'kubectl', 'kustomize', 'eksctl', 'cloud', 'sql', 'people']).optional(),
  cluster: words.optional().describe('Where it is made; that of the environment unless stated'),
  files: list.optional(),
  folder: words.optional(),
  targets: list.optional(),
  namespace: words.optional().describe('That of the environment unless stated'),
  release: words.optional(),
  values: words.optional(),
  overlay: words.optional().describe('The environment whose overlay is applied'),
  with: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Variables of the module, or values of the release; { env: NAME } and the like for secrets'),
  env: z.record(z.string(), source).optional().describe('What the program is told beside, as credentials'),
  removes: z.boolean().optional().describe('True: it may also remove or replace what is there'),
  asset: words.optional().describe('By sql: the asset whose server is asked'),
  database: words.optional().describe('By sql: the database there, if not that of the asset'),
  look: list
    .optional()
    .describe('What asks whether it is there, and changes nothing: a program of the cloud, or a question in SQL'),
  expect: words
    .optional()
    .describe('What holds of the answer when it is there: answer.Status == "Enabled" (cloud), value > 0 (sql)'),
  absent: words.optional().describe('By cloud: the words by which the program says that it is not there'),
  failed: words
    .optional()
    .describe('By cloud: what holds of the answer when it never will be there: answer.Status == "failed"'),
  make: z
    .union([list, z.array(z.array(words).min(1)).min(1)])
    .optional()
    .describe('What makes it: a program, or several in their order; texts of SQL'),
  undo: z
    .union([list, z.array(z.array(words).min(1)).min(1)])
    .optional()
    .describe('What takes back what was made, as make is written'),
  within: duration
    .optional()
    .describe(
      'By sql: how long what was said may take until look says that it is there; without it a false answer fails soon',
    ),
  do: words.optional().describe('By people: what they are asked to do'),
  who: list.optional().describe('By people: roles or contacts, one of whom answers for it'),
});
export const schema = z.union([words, long]);
export type Settings = z.infer<typeof schema>;
export type Long = z.infer<typeof long>;

export const longOf = (settings: Settings): Long => (typeof settings === 'string' ? { what: settings } : settings);

export const listOf = (written: string | readonly string[] | undefined): readonly string[] =>
  written === undefined ? [] : [written].flat();

/** Programs with their words, one after the other. */
export function callsIn(written: Long['make']): readonly (readonly string[])[] {
  if (written === undefined) return [];
  if (typeof written === 'string') return [[written]];
  return written.every((one) => typeof one === 'string') ? [written] : written.map((one) => [one].flat());
}

/** What `with` says, sources of secrets read. Throws `secret.unset`. */
export async function valuesOf({ with: written = {} }: Long): Promise<Record<string, unknown>> {
  const values = Object.entries(written).map(
    async ([name, value]) => [name, isSource(value) ? await readText(value) : value] as const,
  );
  return Object.fromEntries(await Promise.all(values));
}

/** Nothing beside: a value of a module may have a key of such a name too. */
const isSource = (value: unknown): value is SecretSource => isSecretSource(value) && Object.keys(value).length === 1;

/** What of it nothing can do: said when the plan is loaded. */
export function notYet(written: unknown): string | undefined {
  if (typeof written !== 'object' || written === null) return 'a provision step that does not say by what';
  const { by, files, folder, release } = written as Partial<Long>;
  const lacks = (what: string): string => `a provision step by ${by} without ${what}`;
  if (by === undefined) return 'a provision step that does not say by what';
  if (by === 'terraform' || by === 'kustomize') return folder === undefined ? lacks('its folder') : undefined;
  if (by === 'kubectl' || by === 'eksctl') return files === undefined ? lacks('files') : undefined;
  if (by === 'helm') return release === undefined || folder === undefined ? lacks('release and folder') : undefined;
  if (by === 'people') return undefined;
  const { look, make, asset, absent } = written as Partial<Long>;
  if (look === undefined || make === undefined) return lacks('look and make');
  if (by === 'sql') return asset === undefined ? lacks('its asset') : undefined;
  return absent === undefined ? lacks('absent') : undefined;
}
