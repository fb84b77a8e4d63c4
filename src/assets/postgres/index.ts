import { z } from 'zod';
import {
  isLifeboatError,
  LifeboatError,
  parseBytes,
  readText,
  systemCodeOf,
  type SecretSource,
} from '../../core/index.ts';
import { readdir, lstat } from 'node:fs/promises';
import type { Asset, AssetContext, AssetKind, CheckTarget, Survey, SurveyOptions } from '../asset.ts';
import type { InPlaceKeeping } from '../in-place.ts';
import type { LogKeeping } from '../log.ts';
import { applyCluster, majorOf } from './copy/apply.ts';
import { captureCluster, type Via } from './base/capture.ts';
import { checkCluster, newestOf, type Measure } from './copy/check.ts';
import { inPlaceKeeping } from './delta/index.ts';
import { identifyServer } from './link/identify.ts';
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
import { startCopy } from './copy/start.ts';
import { logKeeping } from './stream/keeping.ts';
import { surveyServer } from './survey/survey.ts';
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
  /** Whose files points are made of; the server's at `url` unless stated. */
  readonly standby?: string | SecretSource | undefined;
  /** How fast a point is read at most: `50MB`, a second. */
  readonly rate?: string | undefined;
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
      standby: source
        .optional()
        .describe(
          'The url of a standby of this server: points are read from it, so that production has nothing to do with them. While it is away or behind, the server itself is read, and the point says so.',
        ),
      rate: z
        .string()
        .refine(isRate, 'a size a second from 32KiB to 1GiB, such as 50MB')
        .optional()
        .describe('How fast a point is read at most, a second; it is read through a connection then.'),
    })
    .refine(({ method, databases }) => databases === undefined || method === 'logical', {
      path: ['databases'],
      message: 'only a logical point is of single databases: add method: logical',
    })
    .refine(({ method, via }) => via === undefined || method !== 'logical', {
      path: ['via'],
      message: 'a logical point is read by pg_dump: leave via out',
    })
    .refine(({ method, standby }) => standby === undefined || method !== 'logical', {
      path: ['standby'],
      message: 'a dump is read from the url: name the standby there, and leave standby out',
    })
    .refine(({ method, via, rate }) => rate === undefined || (method !== 'logical' && via !== 'files'), {
      path: ['rate'],
      message: 'the server itself keeps the rate of what it sends: it needs a physical point, and no via: files',
    }) as z.ZodType<PostgresSettings>;
}

/** What a server takes for MAX_RATE. */
function isRate(text: string): boolean {
  try {
    const bytes = parseBytes(text);
    return bytes >= 32 * 2 ** 10 && bytes <= 2 ** 30;
  } catch (error) {
    if (!isLifeboatError(error, 'input.flag')) throw error;
    return false;
  }
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
    this.inPlace = inPlaceKeeping((facts) => this.#urlOfCopy(facts));
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
    const { databases, standby } = this.#settings;
    const from = standby === undefined ? {} : { standby: await readText(standby) };
    const how = { isLogical: this.#isLogical, databases, isStreamed, ...from };
    return surveyServer(await this.#url(), how, this.#context.clock, options.signal);
  }

  async *capture(options: Parameters<Asset['capture']>[0]): ReturnType<Asset['capture']> {
    const { measure, databases, via, standby, rate } = this.#settings;
    if (this.#isLogical) return yield* captureDump(await this.#url(), { databases, measure }, options);
    const from = standby === undefined ? {} : { standby: await readText(standby) };
    const atMost = rate === undefined ? {} : { bytesPerSecond: parseBytes(rate) };
    return yield* captureCluster({ url: await this.#url(), measure, via, ...from, ...atMost }, options);
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
