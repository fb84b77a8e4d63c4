import type { Client } from 'pg';
import type { RestoredCopy } from '../../asset.ts';
import { LifeboatError } from '../../../core/index.ts';
import type { TableChange, TableFigures, TableOptions, TableRequest } from '../../tables.ts';
import { withDatabase } from '../copy/check.ts';
import { ServerChange, type Creation } from './change.ts';
import { compare, makeStage, namesOf, type Merge } from './compare.ts';
import { changeError } from './errors.ts';
import { chooseForFile } from './file-choice.ts';
import { readNeeds } from './file-needs.ts';
import { FileDump } from './file.ts';
import { copyBetween } from './flow.ts';
import { leftBehind } from './left-behind.ts';
import { databaseOf, expectedOf, mustHaveDatabase } from './look.ts';
import { chooseTables, parsePattern, shownTable } from './names.ts';
import { moveToSchema } from './other-schema.ts';
import { countRows, describeTable, namesIn, readRelations, readSchemas, rowsOf, type Relation } from './relations.ts';
import { readSequences } from './sequences.ts';
import { ownerWords, readStructure, structureProgram, type Structure, type ToCreate } from './structure.ts';
import { identifyTarget, openSession, openTarget, targetUrl } from './target.ts';

export interface Opening {
  readonly request: TableRequest;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly planUrl: string | undefined;
  readonly options: TableOptions;
  /** Starts the sandbox as its first superuser. */
  start(): Promise<RestoredCopy>;
}

/** See `TableKeeping.open`. */
export async function openTables(opening: Opening): Promise<TableChange> {
  const { signal } = opening.options;
  const copy = await opening.start();
  const clients: Client[] = [];
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closing ??= Promise.all(clients.map((client) => client.end().catch(() => {}))).then(() => copy.stop()));
  // What is asked on them fails, and the transaction of the target is rolled back.
  const onAbort = (): void => void Promise.all(clients.map((client) => client.end().catch(() => {})));
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const database = databaseOf(opening.request, opening.planUrl);
    await mustHaveDatabase(copy.url, database);
    const sandboxUrl = withDatabase(copy.url, database);
    const sandbox = await openSession(sandboxUrl);
    clients.push(sandbox);
    const look = new Look(
      opening,
      sandbox,
      sandboxUrl,
      database,
      (client) => clients.push(client),
      async () => {
        signal?.removeEventListener('abort', onAbort);
        await close();
      },
    );
    return await look.open();
  } catch (error) {
    signal?.removeEventListener('abort', onAbort);
    await close();
    if (signal?.aborted === true) throw new LifeboatError('operation.cancelled', 'the restore was stopped on request');
    throw changeError(error);
  }
}

interface Chosen {
  /** Those that were asked for; the partitions of one are its own. */
  readonly roots: readonly { readonly table: Relation; readonly was: string }[];
  /** With all partitions. */
  readonly tree: readonly Relation[];
  readonly warnings: readonly string[];
}

/** Between the sandbox and the target, before anything is changed. */
class Look {
  readonly #opening: Opening;
  readonly #sandbox: Client;
  readonly #sandboxUrl: string;
  readonly #database: string;
  readonly #opened: (client: Client) => void;
  readonly #close: () => Promise<void>;

  constructor(
    opening: Opening,
    sandbox: Client,
    sandboxUrl: string,
    database: string,
    opened: (client: Client) => void,
    close: () => Promise<void>,
  ) {
    this.#opening = opening;
    this.#sandbox = sandbox;
    this.#sandboxUrl = sandboxUrl;
    this.#database = database;
    this.#opened = opened;
    this.#close = close;
  }

  async open(): Promise<TableChange> {
    const { target } = this.#opening.request;
    const chosen = await this.#choose();
    return 'file' in target ? this.#toFile(target.file, chosen) : this.#toServer(target.url, chosen);
  }

  async #choose(): Promise<Chosen> {
    const { request } = this.#opening;
    const known = await readRelations(this.#sandbox);
    const whole = this.#wholeSchemas();
    const schemas = whole.length === 0 ? undefined : await readSchemas(this.#sandbox);
    const chosen = chooseTables(request.tables.map(parsePattern), known, schemas);
    const ids = new Set(chosen.map(({ id }) => id));
    const roots = chosen.filter(({ parents }) => !parents.some((id) => ids.has(id)));
    const tree = known.filter(({ id, parents }) => ids.has(id) || parents.some((parent) => ids.has(parent)));
    if (typeof request.existing !== 'object')
      return {
        roots: roots.map((table) => ({ table, was: shownTable(table) })),
        tree,
        warnings: whole
          .filter((schema) => !chosen.some((table) => table.schema === schema))
          .map((schema) => `The schema ${schema} of the point has no tables: only what else is in it can come.`),
      };
    const { schema } = request.existing;
    const warnings = await moveToSchema(this.#sandbox, tree, known, schema);
    const moved = (table: Relation): Relation => ({ ...table, schema });
    return {
      roots: roots.map((table) => ({ table: moved(table), was: shownTable(table) })),
      tree: tree.map(moved),
      warnings,
    };
  }

  /** Asked for as `audit.*`; tables that go into another schema leave behind what is not theirs. */
  #wholeSchemas(): string[] {
    const { existing, tables } = this.#opening.request;
    if (typeof existing === 'object') return [];
    const whole = tables.map((text) => parsePattern(text).wholeSchema).filter((name) => name !== undefined);
    return [...new Set(whole)];
  }

  async #toFile(file: string, { roots, tree, warnings }: Chosen): Promise<TableChange> {
    const counted = [];
    for (const root of roots) counted.push({ ...root, rows: await countRows(this.#sandbox, root.table) });
    const choice = await chooseForFile(this.#sandbox, tree, this.#wholeSchemas());
    return new FileDump({
      sandboxUrl: this.#sandboxUrl,
      database: this.#database,
      clients: await structureProgram(await majorOf(this.#sandbox)),
      file,
      choice,
      needs: await readNeeds(this.#sandbox, choice),
      roots: counted,
      signal: this.#opening.options.signal,
      warnings,
      close: this.#close,
    });
  }

  async #toServer(typed: string, chosen: Chosen): Promise<TableChange> {
    const { request, planUrl, facts, options } = this.#opening;
    const url = targetUrl(typed, planUrl);
    const target = await openTarget(url);
    this.#opened(target);
    await identifyTarget(target, url, expectedOf(request, url, planUrl, facts));
    const there = new Map((await readRelations(target)).map((table) => [shownTable(table), table]));
    const figures: TableFigures[] = [];
    const warnings = [...chosen.warnings];
    const merges: Merge[] = [];
    const creations: Creation[] = [];
    for (const { table, was } of chosen.roots) {
      const existing = there.get(shownTable(table));
      if (existing === undefined) {
        const { columns } = await describeTable(this.#sandbox, table);
        const creation = { table, columns, rows: await countRows(this.#sandbox, table) };
        creations.push(creation);
        figures.push(figuresOf(creation, was));
        continue;
      }
      mustBeElsewhere(request, existing);
      const { merge, figure, said } = await this.#stage(target, table, existing, merges.length + 1);
      merges.push(merge);
      figures.push({ ...figure, table: was });
      warnings.push(...said);
    }
    const structure = await this.#structure(target, chosen, creations);
    const left = await leftBehind(this.#sandbox, target, creations, structure.schemas);
    warnings.push(...structure.warnings, ...left);
    return new ServerChange({
      sandbox: this.#sandbox,
      target,
      targetUrl: url,
      existing: typeof request.existing === 'object' ? 'fail' : request.existing,
      merges,
      creations,
      structure,
      sequences: await readSequences(this.#sandbox, chosen.tree),
      progress: options.progress,
      figures,
      warnings,
      close: this.#close,
    });
  }

  /** The rows of the point beside those of the target, and how they differ. */
  async #stage(
    target: Client,
    table: Relation,
    existing: Relation,
    number: number,
  ): Promise<{ merge: Merge; figure: TableFigures; said: string[] }> {
    const { options } = this.#opening;
    const { columns } = await describeTable(this.#sandbox, table);
    const { merge, warnings: said } = await makeStage(target, existing, columns, number);
    options.progress.phase(`${shownTable(table)}: comparing`);
    const names = namesOf(merge.columns);
    const rows = await copyBetween(
      {
        client: this.#sandbox,
        sql: `copy (select ${names} from ${rowsOf(table)}) to stdout with (encoding 'UTF8')`,
      },
      { client: target, sql: `copy ${merge.stage} (${names}) from stdin with (encoding 'UTF8')` },
      options.progress,
    );
    await target.query(`analyze ${merge.stage}`);
    const compared = await compare(target, merge);
    const figure = {
      table: shownTable(table),
      as: shownTable(existing),
      action: 'merge' as const,
      rows,
      bytes: table.bytes,
      ...compared,
    };
    return { merge, figure, said };
  }

  async #structure(
    target: Client,
    { tree }: Chosen,
    creations: readonly Creation[],
  ): Promise<Structure & { schemas: readonly string[]; warnings: string[] }> {
    const { options } = this.#opening;
    const schemas = await namesIn(target, 'schema');
    const lacking = this.#wholeSchemas().filter((schema) => !schemas.has(schema));
    if (creations.length + lacking.length === 0) return { before: '', after: '', schemas: [], warnings: [] };
    const created = new Set(creations.map(({ table }) => table.id));
    const tables = tree.filter(
      ({ id, parents, schema }) =>
        (created.has(id) || parents.some((parent) => created.has(parent))) && !lacking.includes(schema),
    );
    const toCreate: ToCreate = { schemas: lacking, tables };
    const clients = await structureProgram(await majorOf(this.#sandbox));
    const { words, warnings } = await ownerWords(this.#sandbox, target, tree);
    const structure = await readStructure(this.#sandboxUrl, this.#database, clients, toCreate, {
      words,
      signal: options.signal,
    });
    return { ...structure, schemas: lacking, warnings };
  }
}

const figuresOf = ({ table, rows }: Creation, was: string): TableFigures => ({
  table: was,
  as: shownTable(table),
  action: 'create',
  rows,
  bytes: table.bytes,
  missing: rows,
  same: 0,
  changed: 0,
  onlyInTarget: 0,
});

/** Into another schema goes only what is not there yet: nothing could be told apart afterwards. */
function mustBeElsewhere({ existing }: TableRequest, table: Relation): void {
  if (typeof existing !== 'object') return;
  throw new LifeboatError('restore.target_not_empty', `the target has a table ${shownTable(table)} already`, {
    hint: 'Name a schema that is not there yet: --existing schema=NAME',
  });
}

async function majorOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ number: string }>(`select current_setting('server_version_num') as number`);
  return Math.floor(Number(rows[0]?.number) / 10_000);
}
