import { z } from 'zod';
import { isLifeboatError, LifeboatError, readText, systemCodeOf, type SecretSource } from '../../core/index.ts';
import { readdir, lstat } from 'node:fs/promises';
import type { Asset, AssetContext, AssetKind, CheckTarget, Survey, SurveyOptions } from '../asset.ts';
import type { InPlaceKeeping } from '../in-place.ts';
import type { LogKeeping } from '../log.ts';
import { applyCluster, majorOf } from './apply.ts';
import { captureCluster, type Via } from './capture.ts';
import { checkCluster, newestOf, type Measure } from './check.ts';
import { inPlaceKeeping } from './delta/index.ts';
import { identifyServer } from './identify.ts';
import {
  applyDump,
  captureDump,
  dumpFactsOf,
  isDump,
  readLogicalSource,
  roomNeeded,
  startDump,
} from './logical/index.ts';
import { standbyKeeping } from './standby/index.ts';
import { findPrograms } from './server/index.ts';
import { startCopy } from './start.ts';
import { logKeeping } from './stream/keeping.ts';
import { surveyServer } from './survey.ts';
import { tableKeeping } from './tables/index.ts';
import type { StandbyKeeping } from '../standby.ts';
import type { TableKeeping } from '../tables.ts';

export { postgresChecks } from './checks/index.ts';
export { postgresForm } from './outside/index.ts';
export { makeCluster, type RunningServer } from './server/index.ts';

export interface PostgresSettings {
  readonly url: string | SecretSource;
  /** How it is read; `physical` unless stated. A point is restored by the method that it was made with. */
  readonly method?: 'physical' | 'logical' | undefined;
  /** Which databases a dump holds; all that accept connections unless stated. */
  readonly databases?: readonly string[] | undefined;
  readonly measure?: Measure | undefined;
  readonly via?: Via | undefined;
}

const source = z.union([
  z.string().regex(/^postgres(ql)?:\/\//, 'must start with postgresql://'),
  z.strictObject({ env: z.string() }),
  z.strictObject({ file: z.string() }),
  z.strictObject({ exec: z.tuple([z.string()], z.string()) }),
]);

export const postgresKind: AssetKind<PostgresSettings> = {
  type: 'postgres',
  schema: settingsSchema(),
  open: (name, settings, context) => new PostgresAsset(name, settings, context),
};

function settingsSchema(): z.ZodType<PostgresSettings> {
  return z
    .strictObject({
      url: source.describe(
        'postgresql://user@host:port/database; with a password only by a source. The role has REPLICATION, or, with method: logical, may read everything.',
      ),
      method: z
        .enum(['physical', 'logical'])
        .optional()
        .describe(
          'physical (unless stated): the whole cluster by the replication protocol. logical: roles and databases by pg_dump, for servers that refuse replication and for other versions.',
        ),
      databases: z
        .array(z.string().min(1))
        .nonempty()
        .optional()
        .describe('With method: logical: which databases; all that accept connections unless stated.'),
      measure: z
        .strictObject({
          newest: z
            .string()
            .optional()
            .describe('A query for the time of the newest row: the base of the measured RPO.'),
          rows: z.string().optional().describe('A query for the number of rows: the base of the measured loss.'),
        })
        .optional(),
      via: z
        .enum(['files', 'connection'])
        .optional()
        .describe(
          'How a physical point is read: the files of a server on this machine, or a replication connection. Files where they can be read, unless stated.',
        ),
    })
    .refine(({ method, databases }) => databases === undefined || method === 'logical', {
      path: ['databases'],
      message: 'only a logical point is of single databases: add method: logical',
    })
    .refine(({ method, via }) => via === undefined || method !== 'logical', {
      path: ['via'],
      message: 'a logical point is read by pg_dump: leave via out',
    }) as z.ZodType<PostgresSettings>;
}

class PostgresAsset implements Asset {
  readonly type = 'postgres';
  readonly name: string;
  readonly log?: LogKeeping;
  readonly inPlace?: InPlaceKeeping;
  readonly standby?: StandbyKeeping;
  readonly tables: TableKeeping = tableKeeping(() => this.#url());
  readonly #settings: PostgresSettings;
  readonly #context: AssetContext;

  constructor(name: string, settings: PostgresSettings, context: AssetContext) {
    this.name = name;
    this.#settings = settings;
    this.#context = context;
    if (this.#isLogical) return;
    this.log = logKeeping(name, () => this.#url());
    this.inPlace = inPlaceKeeping;
    this.standby = standbyKeeping(
      () => this.#url(),
      (facts) => this.#urlOfCopy(facts),
    );
  }

  async identify() {
    if (this.#isLogical) return (await readLogicalSource(await this.#url(), this.#settings.databases)).identity;
    return (await identifyServer(await this.#url())).source;
  }

  async survey(options: SurveyOptions = {}): Promise<Survey> {
    const { isStreamed = false } = options;
    const how = { isLogical: this.#isLogical, databases: this.#settings.databases, isStreamed };
    return surveyServer(await this.#url(), how, this.#context.clock, options.signal);
  }

  async *capture(options: Parameters<Asset['capture']>[0]): ReturnType<Asset['capture']> {
    const { measure, databases, via } = this.#settings;
    if (this.#isLogical) return yield* captureDump(await this.#url(), { databases, measure }, options);
    return yield* captureCluster({ url: await this.#url(), measure, via }, options);
  }

  room(facts: Readonly<Record<string, unknown>>): number | undefined {
    return isDump(facts) ? roomNeeded(dumpFactsOf(facts)) : undefined;
  }

  async obstacles(target: string): Promise<string[]> {
    try {
      if ((await lstat(target)).isDirectory() && (await readdir(target)).length === 0) return [];
      return [target];
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return [];
      throw new LifeboatError('restore.target_unusable', `${target} cannot be looked at`, { cause: error });
    }
  }

  apply(...[point, staging, options]: Parameters<Asset['apply']>): Promise<void> {
    return isDump(point.facts) ? applyDump(point, staging, options) : applyCluster(point, staging, options);
  }

  async start(...[path, options]: Parameters<Asset['start']>) {
    const start = isDump(options.facts) ? startDump : startCopy;
    return start(path, await this.#urlOfCopy(options.facts), options);
  }

  async starts(facts: Readonly<Record<string, unknown>>): Promise<string> {
    const { folder, major } = await findPrograms(majorOf(facts));
    return `PostgreSQL ${major} of ${folder}`;
  }

  async check(...[of, declared, options]: Parameters<Asset['check']>) {
    const { clock, baseFolder, checkKinds } = this.#context;
    return checkCluster(await this.#urlOf(of), declared, { clock, baseFolder, kinds: checkKinds, ...options });
  }

  async newest(of: CheckTarget) {
    return newestOf(await this.#urlOf(of), this.#settings.measure);
  }

  get #isLogical(): boolean {
    return this.#settings.method === 'logical';
  }

  /**
   * A machine that knows nothing of the source has no address of it either: then the copy is asked as the one role that every cluster
   * has, in the database that every cluster has, through a private socket.
   */
  async #urlOfCopy(facts: Readonly<Record<string, unknown>>): Promise<string> {
    try {
      return await this.#url();
    } catch (error) {
      const role = facts['superuser'];
      if (!isLifeboatError(error, 'secret.unset') || typeof role !== 'string') throw error;
      return `postgresql://${encodeURIComponent(role)}@localhost/postgres`;
    }
  }

  #urlOf = async (of: CheckTarget): Promise<string> => (of === 'source' ? this.#url() : of.url);

  #url(): Promise<string> {
    return readText(this.#settings.url);
  }
}
