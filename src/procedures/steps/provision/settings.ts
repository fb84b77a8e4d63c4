import { z } from 'zod';
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
});
export const schema = z.union([words, long]);
export type Settings = z.infer<typeof schema>;
export type Long = z.infer<typeof long>;

export const longOf = (settings: Settings): Long => (typeof settings === 'string' ? { what: settings } : settings);

export const listOf = (written: string | readonly string[] | undefined): readonly string[] =>
  written === undefined ? [] : [written].flat();

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
  return `a provision step by ${by}`;
}
