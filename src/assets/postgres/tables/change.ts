import type { Client } from 'pg';
import { LifeboatError, limits, type Progress } from '../../../core/index.ts';
import type { TableChange, TableFigures, TableRequest, TableResult } from '../../tables.ts';
import { withConnection } from '../link/connection.ts';
import { writeBeforeImage } from './before-image.ts';
import { compare, insertMissing, sameKey, differs, updateChanged, type Merge } from './compare.ts';
import { changeError } from './errors.ts';
import { copyBetween } from './flow.ts';
import { frameOf, mustTouchNothingElse } from './guards.ts';
import { namesOf } from './compare.ts';
import { quoted, shownTable, sqlTable } from './names.ts';
import { countRows, namesIn, readRelations, rowsOf, type Column, type Relation } from './relations.ts';
import { moveSequences, type ColumnSequence } from './sequences.ts';
import type { Structure } from './structure.ts';

/** A table that the target does not have. */
export interface Creation {
  /** In the sandbox. */
  readonly table: Relation;
  readonly columns: readonly Column[];
  readonly rows: number;
}

export interface ChangeParts {
  readonly sandbox: Client;
  readonly target: Client;
  readonly targetUrl: string;
  readonly existing: 'fail' | 'skip' | 'replace';
  readonly merges: readonly Merge[];
  readonly creations: readonly Creation[];
  readonly structure: Structure;
  readonly sequences: readonly ColumnSequence[];
  readonly progress: Progress;
  readonly figures: readonly TableFigures[];
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

/** The change of a server: everything in one transaction, and looked at before it is committed. */
export class ServerChange implements TableChange {
  readonly #parts: ChangeParts;

  constructor(parts: ChangeParts) {
    this.#parts = parts;
  }

  get tables(): readonly TableFigures[] {
    return this.#parts.figures;
  }

  get refusal(): LifeboatError | undefined {
    return refusalOf(this.#parts.existing, this.#parts.figures);
  }

  get warnings(): readonly string[] {
    return this.#parts.warnings;
  }

  close(): Promise<void> {
    return this.#parts.close();
  }

  async apply(beforeImage: string): Promise<TableResult> {
    const { target } = this.#parts;
    try {
      await target.query('begin isolation level read committed read write');
      await target.query("select set_config('lock_timeout', $1, true)", [String(limits.tableLockWaitMs)]);
      const result = await this.#change(beforeImage);
      const { rows } = await target.query<{ id: string }>('select pg_current_xact_id()::text as id');
      await this.#commit(rows[0]?.id ?? '');
      return result;
    } catch (error) {
      await target.query('rollback').catch(() => {}); // the connection is gone, and the transaction with it
      throw changeError(error);
    }
  }

  async #change(beforeImage: string): Promise<TableResult> {
    const { target, merges, existing, progress } = this.#parts;
    for (const { table } of merges) await target.query(`lock table ${sqlTable(table)} in share row exclusive mode`);
    for (const merge of merges) await mustTouchNothingElse(target, merge);
    const counted = await this.#countAgain();
    const frame = await frameOf(target, merges);
    const replaces = existing === 'replace' && counted.some(({ changed }) => changed > 0);
    if (replaces)
      await writeBeforeImage(
        target,
        merges.filter(({ key }) => key !== undefined),
        frame,
        beforeImage,
        progress,
      );
    for (const statement of frame.before) await target.query(statement);
    const created = await this.#create();
    const merged = await this.#merge();
    for (const statement of frame.after) await target.query(statement);
    if (this.#parts.structure.after !== '') await target.query(this.#parts.structure.after);
    await this.#mustBeRight();
    const sequences = await moveSequences(target, await this.#tablesThere(), this.#parts.sequences);
    return {
      tables: [...created, ...merged],
      beforeImage: replaces ? beforeImage : undefined,
      sequences,
      warnings: this.#parts.warnings,
    };
  }

  /** Between the first look and the lock others may have written. */
  async #countAgain(): Promise<{ changed: number }[]> {
    const { target, merges, existing } = this.#parts;
    const counted = [];
    for (const merge of merges) counted.push({ as: shownTable(merge.table), ...(await compare(target, merge)) });
    const refusal = refusalOf(existing, counted);
    if (refusal !== undefined) throw refusal;
    return counted;
  }

  async #create(): Promise<TableResult['tables'][number][]> {
    const { sandbox, target, creations, structure, progress } = this.#parts;
    const there = await namesIn(target, 'schema');
    for (const schema of new Set(creations.map(({ table }) => table.schema))) {
      const isMade = structure.before.includes(`CREATE SCHEMA ${quoted(schema)}`);
      if (!there.has(schema) && !isMade) await target.query(`create schema ${quoted(schema)}`);
    }
    if (structure.before !== '') await target.query(structure.before);
    const done = [];
    for (const { table, columns, rows } of creations) {
      progress.phase(`${shownTable(table)}: copying`);
      const names = namesOf(columns.filter(({ isGenerated }) => !isGenerated));
      const inserted = await copyBetween(
        { client: sandbox, sql: `copy (select ${names} from ${rowsOf(table)}) to stdout with (encoding 'UTF8')` },
        { client: target, sql: `copy ${sqlTable(table)} (${names}) from stdin with (encoding 'UTF8')` },
        progress,
      );
      if (inserted !== rows) throw notWhole(table, `${inserted} rows arrived of ${rows}`);
      done.push({ as: shownTable(table), inserted, replaced: 0 });
    }
    return done;
  }

  async #merge(): Promise<TableResult['tables'][number][]> {
    const { target, merges, existing, progress } = this.#parts;
    const done = [];
    for (const merge of merges) {
      progress.phase(`${shownTable(merge.table)}: putting rows back`);
      const update = existing === 'replace' ? updateChanged(merge) : undefined;
      const replaced = update === undefined ? 0 : (await target.query(update)).rowCount;
      const inserted = (await target.query(insertMissing(merge))).rowCount;
      done.push({ as: shownTable(merge.table), inserted: inserted ?? 0, replaced: replaced ?? 0 });
    }
    return done;
  }

  /** Asked of the target itself: a statement that ended well is no proof. */
  async #mustBeRight(): Promise<void> {
    const { target, merges, creations, existing } = this.#parts;
    for (const merge of merges) {
      const { table, stage, key } = merge;
      if (key === undefined) continue;
      const wrong = existing === 'replace' ? `t.ctid is null or ${differs(merge)}` : 't.ctid is null';
      const { rows } = await target.query<{ n: string }>(
        `select count(*) as n from ${stage} s left join ${rowsOf(table)} t on ${sameKey(key)} where ${wrong}`,
      );
      if (rows[0]?.n !== '0') throw notWhole(table, `${rows[0]?.n} rows of the point are not there as they should be`);
    }
    for (const { table, rows } of creations) {
      const there = await countRows(target, table);
      if (there !== rows) throw notWhole(table, `it has ${there} rows instead of ${rows}`);
    }
  }

  async #tablesThere(): Promise<Relation[]> {
    const { target, merges, creations } = this.#parts;
    const names = new Set([...merges, ...creations].map(({ table }) => shownTable(table)));
    return (await readRelations(target)).filter((table) => names.has(shownTable(table)));
  }

  /** A connection that breaks here leaves the outcome open: then the server is asked. */
  async #commit(transaction: string): Promise<void> {
    const { target, targetUrl } = this.#parts;
    try {
      await target.query('commit');
    } catch (error) {
      if ((error as { severity?: string }).severity !== undefined) throw error;
      const outcome = await outcomeOf(targetUrl, transaction);
      if (outcome === 'committed') return;
      if (outcome === 'aborted') throw error;
      throw new LifeboatError('restore.in_doubt', 'the connection broke while the change was committed', {
        hint: `Ask the server: select pg_xact_status('${transaction}')`,
        cause: error,
      });
    }
  }
}

/** Undefined where nobody answers. */
async function outcomeOf(url: string, transaction: string): Promise<string | undefined> {
  try {
    return await withConnection(url, async (client) => {
      const { rows } = await client.query<{ status: string }>(`select pg_xact_status($1::xid8) as status`, [
        transaction,
      ]);
      return rows[0]?.status;
    });
  } catch {
    return undefined; // the caller says that it is not known
  }
}

/** Why the rows that the target has stop the work; `undefined`: none do. */
export function refusalOf(
  existing: TableRequest['existing'],
  tables: readonly Pick<TableFigures, 'as' | 'same' | 'changed'>[],
): LifeboatError | undefined {
  if (existing !== 'fail') return undefined;
  const [first, ...more] = tables.flatMap(({ as, same = 0, changed = 0 }) =>
    same + changed === 0 ? [] : [{ as, rows: same + changed }],
  );
  if (first === undefined) return undefined;
  const others = more.map(({ as, rows }) => `, ${as} has ${rows}`).join('');
  return new LifeboatError(
    'restore.target_not_empty',
    `${first.as} in the target has ${first.rows} of the rows already${others}; nothing was changed`,
    {
      hint: 'Say what happens to them: --existing skip keeps them, replace gives them the content of the point, schema=NAME puts the table elsewhere.',
    },
  );
}

const notWhole = (table: Relation, why: string): LifeboatError =>
  new LifeboatError('restore.check_failed', `${shownTable(table)}: ${why}; nothing was changed`);
