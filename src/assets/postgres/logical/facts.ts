import { z } from 'zod';
import { LifeboatError } from '../../../core/index.ts';

/** How a database sorts and what its bytes mean: what must be there before a copy of it can be made. */
const locale = z.object({
  encoding: z.string(),
  /** `libc`, `icu` or `builtin`. */
  provider: z.enum(['libc', 'icu', 'builtin']),
  collate: z.string(),
  ctype: z.string(),
  /** Of ICU and of the server’s own provider. */
  locale: z.string().optional(),
  /** The provider’s version when the database was made, and at the dump: they tell whether the order of texts may differ. */
  version: z.string().optional(),
  actualVersion: z.string().optional(),
});
export type Locale = z.infer<typeof locale>;

const collation = z.object({
  schema: z.string(),
  name: z.string(),
  provider: z.enum(['libc', 'icu', 'builtin', 'default']),
  locale: z.string().optional(),
  version: z.string().optional(),
});
export type Collation = z.infer<typeof collation>;

const database = z.object({
  name: z.string(),
  /** Where the point has it, without its ending: `.dump` for the dump, `.json` for its `DatabaseList`. */
  path: z.string(),
  owner: z.string(),
  locale,
  /** Everything that was acknowledged in this database before is in it: each database has a moment of its own. */
  atMs: z.number(),
  extensions: z.array(z.object({ name: z.string(), version: z.string() })),
  collations: z.array(collation),
  /** How many objects of each kind; extensions’ own are not counted. */
  structure: z.record(z.string(), z.number()),
  entries: z.number(),
  tables: z.number(),
  rows: z.number(),
  largeObjects: z.number(),
  /** Of the dump. */
  bytes: z.number(),
  /** What it took in the source, with its indexes: about what a copy takes. */
  sourceBytes: z.number(),
});
export type DumpedDatabase = z.infer<typeof database>;

const dumpFacts = z.object({
  method: z.literal('logical'),
  systemId: z.string(),
  version: z.string(),
  major: z.number(),
  dumpVersion: z.string(),
  dumpMajor: z.number(),
  /** The first superuser: the one role that a new cluster is born with. */
  superuser: z.string(),
  rolePasswords: z.boolean(),
  roles: z.number(),
  tablespaces: z.array(z.string()),
  /** Of the cluster itself (template0). */
  locale,
  settings: z.record(z.string(), z.string()),
  databases: z.array(database),
});
export type DumpFacts = z.infer<typeof dumpFacts>;

/** Whether a point is a dump, whatever the plan says today. */
export const isDump = (facts: Readonly<Record<string, unknown>>): boolean => facts['method'] === 'logical';

export function dumpFactsOf(facts: Readonly<Record<string, unknown>>): DumpFacts {
  const parsed = dumpFacts.safeParse(facts);
  if (parsed.success) return parsed.data;
  throw new LifeboatError('asset.foreign', 'the point does not say what its dumps hold', { cause: parsed.error });
}

/** What is in a dump, line by line: beside it in the point, so that the point itself stays small. */
export const databaseList = z.object({
  tables: z.array(
    z.object({
      schema: z.string(),
      name: z.string(),
      rows: z.number(),
      /** An extension made it and may have put rows of its own into it, which a dump leaves out. */
      ofExtension: z.boolean(),
    }),
  ),
  sequences: z.array(z.object({ schema: z.string(), name: z.string(), value: z.string(), called: z.boolean() })),
  entries: z.record(z.string(), z.number()),
});
export type DatabaseList = z.infer<typeof databaseList>;
