import { join } from 'node:path';
import { mustSucceed, silentProgress } from '../../../../core/index.ts';
import type { Repository } from '../../../../repository/index.ts';
import {
  makeTestRepository,
  postgresAsset,
  startTestCluster,
  take,
  type Taken,
  type TestCluster,
} from '../../../../testing/postgres/index.ts';
import type { Asset } from '../../../index.ts';
import type {
  TableChange,
  TableFigures,
  TableKeeping,
  TableNeeds,
  TableOutlook,
  TableRequest,
  TableResult,
} from '../../../tables.ts';

export interface Brought extends TableResult {
  readonly outlook: TableOutlook;
  readonly figures: readonly TableFigures[];
  readonly needs: TableNeeds | undefined;
  readonly refusal: TableChange['refusal'];
}

/** A shop on a real server, a point of it, and the sandbox that the point was restored into. */
export class TablesShop {
  readonly cluster: TestCluster;
  readonly asset: Asset;
  readonly #repository: Repository;
  readonly #taken: Taken;
  readonly #restored: string;
  #sandboxes = 0;

  private constructor(
    cluster: TestCluster,
    asset: Asset,
    repository: Repository,
    { taken, restored }: { taken: Taken; restored: string },
  ) {
    this.cluster = cluster;
    this.asset = asset;
    this.#repository = repository;
    this.#taken = taken;
    this.#restored = restored;
  }

  static async make(major: number, more = ''): Promise<TablesShop> {
    const cluster = await startTestCluster({ major, initdb: ['--wal-segsize=1'] });
    await cluster.sql('create database shop');
    await cluster.sql(shop + more, 'shop');
    return TablesShop.of(cluster, 'first');
  }

  /** A point of the server as it is now. */
  static async of(cluster: TestCluster, name: string): Promise<TablesShop> {
    const asset = postgresAsset({ url: cluster.url.replace(/\/postgres$/, '/shop') });
    const repository = await makeTestRepository(join(cluster.folder, `store-${name}`));
    const taken = await take(asset, repository);
    const restored = join(cluster.folder, `restored-${name}`);
    await taken.apply(restored);
    return new TablesShop(cluster, asset, repository, { taken, restored });
  }

  sql(text: string): Promise<Record<string, unknown>[]> {
    return this.cluster.sql(text, 'shop');
  }

  /** The first column of the first row. */
  async one(text: string): Promise<unknown> {
    return Object.values((await this.sql(text))[0] ?? {})[0];
  }

  /** All of a table in one text. */
  hash(table: string): Promise<unknown> {
    return this.one(`select md5(string_agg(t::text, '|' order by t::text)) from ${table} t`);
  }

  get target(): string {
    return `postgresql://127.0.0.1:${this.cluster.port}/shop`;
  }

  get image(): string {
    return join(this.cluster.folder, `before-${this.#sandboxes}.sql`);
  }

  /** What is seen before anything is restored. */
  async look(tables: readonly string[]): Promise<TableOutlook> {
    const request = { tables, existing: 'skip', target: { url: this.target } } as const;
    const contents = await this.#repository.contents(this.#taken.point);
    return (this.asset.tables as TableKeeping).look(request, contents, { progress: silentProgress });
  }

  /** As `restore --table … --existing …` does; into the server itself unless `over` says otherwise. */
  async bring(
    tables: readonly string[],
    existing: TableRequest['existing'] = 'fail',
    over: Partial<TableRequest> & { dryRun?: boolean; signal?: AbortSignal } = {},
  ): Promise<Brought> {
    const { dryRun = false, signal, ...rest } = over;
    const request = { tables, existing, target: { url: this.target }, ...rest };
    const options = { progress: silentProgress, ...(signal === undefined ? {} : { signal }) };
    const keeping = this.asset.tables as TableKeeping;
    const outlook = await keeping.look(request, await this.#repository.contents(this.#taken.point), options);
    this.#sandboxes += 1;
    const path = await this.#sandbox(existing);
    const change = await keeping.open(path, this.#taken.facts.facts, request, options);
    try {
      const nothing = { tables: [], beforeImage: undefined, sequences: [], warnings: change.warnings };
      const { tables: figures, needs, refusal } = change;
      return { figures, needs, outlook, refusal, ...(dryRun ? nothing : await change.apply(this.image)) };
    } finally {
      await change.close();
    }
  }

  /** Only another schema changes it; else one serves again and again. */
  async #sandbox(existing: TableRequest['existing']): Promise<string> {
    if (typeof existing !== 'object') return this.#restored;
    const path = join(this.cluster.folder, `sandbox-${this.#sandboxes}`);
    await mustSucceed(['cp', '-a', this.#restored, path]);
    return path;
  }

  close(): Promise<void> {
    return this.#repository.close();
  }

  async destroy(): Promise<void> {
    await this.close();
    await this.cluster.destroy();
  }
}

/** Keys, sequences, a generated column, partitions, json, a trigger that counts, and a schema of its own. */
const shop = `
  create schema shop; create schema audit; create schema bare;
  create function bare.answer() returns int language sql as 'select 42';
  create table shop.customers (id int primary key, email text not null unique);
  create table shop.orders (
    id bigint generated always as identity primary key, customer_id int not null references shop.customers,
    cents int not null, euros numeric generated always as (cents / 100.0) stored, notes json);
  create table audit.seen (n int, what text);
  create table shop.events (id int, at date not null, what text, primary key (id, at)) partition by range (at);
  create table shop.events_2025 partition of shop.events for values from ('2025-01-01') to ('2026-01-01');
  create table shop.events_2026 partition of shop.events for values from ('2026-01-01') to ('2027-01-01');
  create index events_what on shop.events (what);
  create function shop.note() returns trigger language plpgsql as
    $$ begin insert into audit.seen values (new.id, tg_op); return new; end $$;
  insert into audit.seen values (0, 'begun');
  insert into shop.customers select n, 'c' || n || '@example.com' from generate_series(1, 100) n;
  insert into shop.orders (customer_id, cents, notes) select 1 + n % 100, n, '{"a": 1}' from generate_series(1, 1000) n;
  insert into shop.events select n, date '2025-06-01' + n, E'tab\\t\\\\ line\\n ' || n from generate_series(1, 400) n;
  create view shop.totals as select sum(cents) from shop.orders;
  create trigger noted after insert or update on shop.orders for each row execute function shop.note();
`;
